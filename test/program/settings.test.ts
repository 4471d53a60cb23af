import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { loadSettings, parseSettings } from "../../components/settings";
import { privateKey, raw, sha256 } from "./support/settings";

/** The lines of the error, without its headline. */
function errorsOf(settings: Record<string, unknown>): string[] {
  try {
    parseSettings(settings);
  } catch (error) {
    expect(pulumi.RunError.isInstance(error)).to.equal(true);
    return (error as Error).message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

const valueOf = <T>(output: pulumi.Output<T>) => new Promise<T>((resolve) => output.apply(resolve));

describe("settings", () => {
  it("complete what is left out", () => {
    const { host, ...settings } = parseSettings(raw());
    expect(settings).to.deep.equal({
      entries: [
        {
          kind: "group",
          key: "group/acme/backend",
          path: "acme/backend",
          name: "acme/backend",
          tags: [],
          untagged: true,
          protected: false,
          locked: false,
          paused: false,
          size: "default",
        },
      ],
      sizes: { default: { cpu: 1024, memory: 2048 } },
      architecture: "x86_64",
      spot: "never",
      image: { buildArgs: {} },
      network: { assignPublicIp: true },
      cache: { enabled: true, expiryDays: 30 },
      logs: { retentionDays: 30 },
      dashboard: false,
      metrics: { port: 9252, allowedCidrs: [], allowedSecurityGroupIds: [] },
      debug: { ecsExec: false },
      tags: {},
      gitlabUrl: "https://gitlab.com",
    });
    expect(host).to.deep.include({
      instanceType: "t3.small",
      concurrency: 10,
      connection: { user: "ec2-user", address: "public" },
    });
    expect(host.go.sha256).to.match(/^d0f743b3/);
    expect(host.goProxy).to.equal(undefined);
  });

  it("follow the architecture in what depends on it", () => {
    const { host } = parseSettings(raw({ architecture: "arm64" }));
    expect(host.instanceType).to.equal("t4g.small");
    expect(host.go.sha256).to.match(/^211ffced/);
  });

  it("keep the default size beside others, unless it is given", () => {
    expect(parseSettings(raw({ sizes: { large: { cpu: 4096, memory: 8192 } } })).sizes).to.deep.equal({
      default: { cpu: 1024, memory: 2048 },
      large: { cpu: 4096, memory: 8192 },
    });
    expect(parseSettings(raw({ sizes: { default: { cpu: 256, memory: 512 } } })).sizes).to.deep.equal({
      default: { cpu: 256, memory: 512 },
    });
  });

  it("connect privately in a network without public addresses", () => {
    const network = { vpcId: "vpc-1", subnetIds: ["subnet-1"] };
    const settings = parseSettings(raw({ network }));
    expect(settings.network.assignPublicIp).to.equal(false);
    expect(settings.host.connection.address).to.equal("private");
  });

  it("take GitLab's address from the API's", () => {
    const { gitlabUrl } = parseSettings(raw(), "https://git.example.com/forge/api/v4/");
    expect(gitlabUrl).to.equal("https://git.example.com/forge");
  });

  it("make the private key a secret that ends as SSH programs want it", async () => {
    const { host } = parseSettings(raw());
    expect(await pulumi.isSecret(host.privateKey)).to.equal(true);
    expect(await valueOf(host.privateKey)).to.equal(`${privateKey}\n`);
  });

  it("give entries keys that do not depend on their order or neighbours", () => {
    const keys = (groups: string[]) => parseSettings(raw({ groups })).entries.map(({ key }) => key);
    expect(keys(["a", "b"])).to.deep.equal(["group/a", "group/b"]);
    expect(keys(["c", "b", "a"]).sort()).to.deep.equal(["group/a", "group/b", "group/c"]);
  });

  it("tell a group and a project of one path apart", () => {
    const { entries } = parseSettings(raw({ groups: ["a/b"], projects: ["a/b"], instanceRunners: ["shared"] }));
    expect(entries.map(({ key }) => key)).to.deep.equal(["group/a/b", "project/a/b", "instance/shared"]);
  });

  const refused: [string, Record<string, unknown>, string[]][] = [
    ["an unknown setting", { fargate: {} }, ["fargate: unknown key; known are groups, projects,"]],
    [
      "an unknown key of an entry",
      { groups: ["a", { path: "b", tag: ["x"] }] },
      ["groups[1].tag: unknown key; known are path, name, tags,"],
    ],
    ["a duplicate", { groups: ["a", "b", "A"] }, ['groups[2]: duplicate of groups[0]: "A"']],
    [
      "a duplicate in the other notation",
      { projects: ["a/b", { path: "a/b", size: "default" }] },
      ['projects[1]: duplicate of projects[0]: "a/b"'],
    ],
    [
      "a size that is not there",
      { groups: ["a", "b", { path: "c", size: "huge" }], sizes: { large: { cpu: 1024, memory: 4096 } } },
      ["groups[2].size: no size 'huge'; sizes are default, large"],
    ],
    [
      "a pair that Fargate does not know",
      { sizes: { odd: { cpu: 256, memory: 4096 } } },
      ["sizes.odd: Fargate has no memory 4096 MiB with cpu 256; it has 512, 1024, 2048"],
    ],
    [
      "too little storage",
      { sizes: { s: { cpu: 256, memory: 512, ephemeralStorage: 20 } } },
      ["sizes.s.ephemeralStorage:"],
    ],
    ["what is no path", { groups: ["/acme/"] }, ['groups[0].path: not the path of a group, like "acme/backend"']],
    ["a project without a group", { projects: ["api"] }, ["projects[0].path: not the path of a project,"]],
    ["what is no entry", { groups: [7] }, ["groups[0]: expected object, received number"]],
    [
      "a runner that takes no job",
      { groups: [{ path: "a", untagged: false }] },
      ["groups[0].untagged: false needs tags, or the runner takes no job"],
    ],
    [
      "SSH open to the world",
      { host: { adminCidrs: ["0.0.0.0/0"] } },
      ["host.adminCidrs[0]: would open SSH to the whole"],
    ],
    [
      "SSH open to the world by IPv6",
      { host: { adminCidrs: ["::/0"] } },
      ["host.adminCidrs[0]: would open SSH to the whole"],
    ],
    ["no administrators' networks", { host: { adminCidrs: undefined } }, ["host.adminCidrs: required:"]],
    [
      "no keys",
      { host: { publicKey: undefined, privateKey: undefined } },
      ["host.publicKey: required:", "host.privateKey: required:"],
    ],
    [
      "a runner without a checksum",
      { architecture: "arm64", host: { runner: { version: "19.5.0" } } },
      ['host.runner.sha256: required: the line "binaries/gitlab-runner-linux-arm64" of https://'],
    ],
    [
      "another Go without a checksum",
      { host: { go: { version: "1.27.0" } } },
      ["host.go.sha256: required with another version"],
    ],
    ["half a network", { network: { vpcId: "vpc-1" } }, ["network.subnetIds: required with vpcId"]],
    [
      "a public connection to a private host",
      { network: { assignPublicIp: false }, host: { connection: { address: "public" } } },
      ["host.connection.address: the host has no public address, as network.assignPublicIp is false"],
    ],
    [
      "arguments for an image that is not built",
      { image: { uri: "registry/image", buildArgs: { A: "b" } } },
      ["image.buildArgs: have no effect on an image given by uri"],
    ],
    ["a retention that CloudWatch does not have", { logs: { retentionDays: 2 } }, ["logs.retentionDays:"]],
    ["an unknown mode of spot", { spot: "always" }, ["spot:"]],
  ];
  for (const [what, over, expected] of refused) {
    it(`refuse ${what}`, () => {
      const errors = errorsOf(raw(over));
      expect(errors).to.have.length(expected.length);
      expected.forEach((start, index) =>
        expect(errors[index]).to.satisfy((e: string) => e.startsWith(start), errors[index]),
      );
    });
  }

  it("tell all errors at once", () => {
    const errors = errorsOf(
      raw({
        groups: ["a", "a", { path: "b", size: "huge", x: 1 }],
        spot: "no",
        typo: true,
        host: { adminCidrs: ["x"] },
      }),
    );
    const paths = errors.map((error) => error.split(": ")[0]).sort();
    expect(paths).to.deep.equal(["groups[1]", "groups[2].size", "groups[2].x", "host.adminCidrs[0]", "spot", "typo"]);
  });

  it("never repeat a secret in an error", () => {
    expect(errorsOf(raw({ host: { privateKey: "s3cret" } })).join())
      .to.contain("host.privateKey")
      .and.not.contain("s3cret");
  });

  describe("from the stack's configuration", () => {
    const load = (config: Record<string, string>) => {
      pulumi.runtime.setAllConfig(config);
      try {
        return loadSettings();
      } finally {
        pulumi.runtime.setAllConfig({});
      }
    };
    const { host } = raw();
    const base = {
      "gitlab-fargate-runners:host": JSON.stringify(host),
      "gitlab-fargate-runners:groups": '["acme/backend"]',
      "gitlab-fargate-runners:architecture": "arm64",
      "aws:region": "eu-central-1",
    };

    it("take their own namespace and GitLab's address", () => {
      const settings = load({ ...base, "gitlab:baseUrl": "https://git.example.com/api/v4/" });
      expect(settings.entries.map(({ path }) => path)).to.deep.equal(["acme/backend"]);
      expect(settings.architecture).to.equal("arm64");
      expect(settings.host.runner.sha256).to.equal(sha256);
      expect(settings.gitlabUrl).to.equal("https://git.example.com");
    });

    it("refuse a key nobody reads", () => {
      expect(() => load({ ...base, "gitlab-fargate-runners:gruops": "[]" })).to.throw(/gruops: unknown key/);
    });

    it("refuse text where a list belongs", () => {
      expect(() => load({ ...base, "gitlab-fargate-runners:groups": "acme" })).to.throw(/groups: expected array/);
    });
  });
});
