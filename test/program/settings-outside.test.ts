/** What GitLab, ECS or a registry would refuse only when a runner is made, a task is started or a job clones. */
import { expect } from "chai";
import { errorsOf, publicKey, raw } from "./support/settings";

const digest = `sha256:${"0f".repeat(32)}`;
const group = (over: object) => ({ groups: [{ path: "acme", ...over }] });
const image = (uri: string) => ({ image: { uri } });
const bastion = (host: string) => ({ host: { connection: { proxy: { host, hostKey: publicKey } } } });
const subnets = (count: number) => ({
  network: { vpcId: "vpc-1", subnetIds: Array.from({ length: count }, (_, index) => `subnet-${index}`) },
});
const tags = (count: number) => Array.from({ length: count }, (_, index) => `tag-${index}`);

describe("settings for other programs", () => {
  const refused: [string, Record<string, unknown>, string][] = [
    ["a tag twice", group({ tags: ["a", "b", "a"] }), "groups[0].tags[2]: the same as [0]"],
    ["several tags in one", group({ tags: ["a,b"] }), "groups[0].tags[0]: GitLab takes it for several tags"],
    ["a tag that is too long", group({ tags: ["x".repeat(256)] }), "groups[0].tags[0]: 256 characters are too many"],
    ["too many tags", group({ tags: tags(51) }), "groups[0].tags: GitLab takes 50 tags of a runner at most"],
    ["a user's token as a runner's", group({ token: "glpat-abc" }), "groups[0].token: the token of something else"],
    ["an image's address", image("https://r.example.com/a:1"), "image.uri: not the name of an image, like"],
    ["an image in capitals", image("r.example.com/Team/job:1"), "image.uri: not the name of an image, like"],
    ["an image with a space", image("r.example.com/a b"), "image.uri: not the name of an image, like"],
    ["a digest that is cut off", image("r.example.com/a@sha256:0f0f"), "image.uri: not the name of an image, like"],
    ["more subnets than a task takes", subnets(17), "network.subnetIds: ECS takes 16 subnets of a task at most"],
    ["a proxy's port in its name", bastion("bastion:22"), "host.connection.proxy.host: not a host's name"],
    ["a proxy's address with a scheme", bastion("ssh://bastion"), "host.connection.proxy.host: not a host's name"],
    ["clones in plain text", { runners: { cloneUrl: "http://git.example.com" } }, "runners.cloneUrl: http:// shows"],
    [
      "an entry's clones with a password",
      group({ runner: { cloneUrl: "https://me:s3cret@git.example.com" } }),
      "groups[0].runner.cloneUrl: holds credentials, which would be plain text",
    ],
  ];
  for (const [what, over, expected] of refused) {
    it(`refuse ${what}`, () => {
      const errors = errorsOf(raw(over));
      expect(errors).to.have.length(1);
      expect(errors[0]).to.satisfy((error: string) => error.startsWith(expected), errors[0]);
      expect(errors[0]).to.not.contain("s3cret");
    });
  }

  it("say how an image's address is written", () => {
    const [error] = errorsOf(raw(image("https://r.example.com/a:1")));
    expect(error).to.match(/; write r\.example\.com\/a:1$/);
  });

  const accepted: [string, Record<string, unknown>][] = [
    ["as many tags as GitLab takes", group({ tags: tags(50) })],
    ["a runner's tokens", { groups: ["glrt-a1", "glrtr-a1", "AbCdEf"].map((token, id) => ({ id: id + 1, token })) }],
    ["as many subnets as a task takes", subnets(16)],
    ["a proxy's IPv6 address", bastion("2001:db8::1")],
    ["a proxy's IPv4 address", bastion("203.0.113.7")],
    ["clones in plain text that are allowed", { allowPlainHttp: true, runners: { cloneUrl: "http://git.internal" } }],
    ["clones from below a path", { runners: { cloneUrl: "https://example.com/gitlab" } }],
    ...[
      "alpine",
      "acme/job:1",
      "localhost:5000/a/b.c/d__e-f",
      `123456789012.dkr.ecr.eu-central-1.amazonaws.com/jobs@${digest}`,
      `r.example.com/a:1.2-x_Y@${digest}`,
    ].map((uri): [string, Record<string, unknown>] => [`the image ${uri}`, image(uri)]),
  ];
  for (const [what, over] of accepted) {
    it(`accept ${what}`, () => {
      expect(errorsOf(raw(over))).to.deep.equal([]);
    });
  }
});
