/** The images that jobs may name by `image:`: what is refused in the settings, and what comes of them. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { parse } from "smol-toml";
import { compareGrants } from "../../automation/iam";
import type { Statement } from "../../components/iam/documents";
import { imageRepositories, imageStatements, readStatements } from "../../components/iam/images";
import { parseSettings } from "../../components/settings/settings";
import { allImages, whyNoPattern } from "../../components/settings/images";
import { warningsOf } from "../../components/settings/warnings";
import { only, plain, type Deployment } from "./support/deploy";
import { checkStatements } from "./support/iam-reference";
import { command, run } from "./support/program";
import { errorsOf, raw } from "./support/settings";

const cases = path.resolve(__dirname, "../../driver/internal/images/testdata/patterns.json");
const { taken, refused } = JSON.parse(readFileSync(cases, "utf8")) as Record<"taken" | "refused", string[]>;

const clusterArn = "arn:aws:ecs:eu-central-1:123456789012:cluster/jobs-1";
const registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
const repository = (name: string) => `arn:aws:ecr:eu-central-1:123456789012:repository/${name}`;

describe("images that jobs may name", () => {
  describe("as patterns", () => {
    for (const pattern of taken) {
      it(`such as ${JSON.stringify(pattern)}, as the driver takes them`, () => {
        expect(whyNoPattern(pattern)).to.equal(undefined);
      });
    }
    for (const pattern of refused) {
      it(`but not ${JSON.stringify(pattern)}, which the driver would refuse`, () => {
        expect(whyNoPattern(pattern)).to.be.a("string");
      });
    }

    it("are refused with the place and the way out, in the stack's list and in an entry's", () => {
      const groups = ["acme", { path: "acme/data", images: ["node:*", "node:[", "node:*"] }];
      const many = "{a,b}".repeat(7);
      const images = { allowed: ["https://registry.example.com/**", "a/{b", many] };
      const way = 'write a pattern such as "node:*" or "registry.example.com/team/**"';
      expect(errorsOf(raw({ groups, images }))).to.have.members([
        `groups[1].images[1]: "node:[" has a [ without its ], or nothing between them; ${way}`,
        "groups[1].images[2]: the same as [0]",
        `images.allowed[0]: "https://registry.example.com/**" is a URL, and the names of images have no https://; ${way}`,
        `images.allowed[1]: "a/{b" has a { without its }; ${way}`,
        `images.allowed[2]: "${many}" stands for more than 100 patterns; ${way}`,
      ]);
    });
  });

  it("do not go with a size whose family is one of those that hosts may register", () => {
    const sizes = { large: { cpu: 4096, memory: 16384 }, "large-image-a": { cpu: 256, memory: 512 } };
    expect(errorsOf(raw({ sizes }))).to.deep.equal([]);
    const told = [
      'sizes.large-image-a: "large-image-…" is what is made of the size large for jobs with images or services; give it another name',
    ];
    expect(errorsOf(raw({ sizes, images: { allowed: ["node:*"] } }))).to.deep.equal(told);
    expect(errorsOf(raw({ sizes, groups: [{ path: "a", images: ["node:*"] }] }))).to.deep.equal(told);
  });

  it("are warned of where every entry has its own in their place", () => {
    const warnings = (groups: unknown[]) => warningsOf(parseSettings(raw({ groups, images: { allowed: ["node:*"] } })));
    expect(warnings(["a", { path: "b", images: [] }])).to.deep.equal([]);
    expect(warnings([{ path: "b", images: [] }])).to.deep.equal([
      "images.allowed: has no effect; each entry has images of its own",
    ]);
  });

  it("are those of some entry, each once and in order", () => {
    const of = (over: Record<string, unknown>) => allImages(parseSettings(raw(over)));
    const images = { allowed: ["z", "b"] };
    expect(of({})).to.deep.equal([]);
    expect(of({ images, groups: ["a", { path: "c", images: ["b", "a"] }] })).to.deep.equal(["a", "b", "z"]);
    expect(of({ images, groups: [{ path: "c", images: [] }] })).to.deep.equal([]);
  });
});

describe("the rights for jobs' images", () => {
  it("are to register and to run what is derived from the stack's own, for Fargate and in its cluster", () => {
    const statements = imageStatements(clusterArn, ["ci_default", "ci_large"]);
    const derived = ["default", "large"].map(
      (size) => `arn:aws:ecs:eu-central-1:123456789012:task-definition/ci_${size}-image-*:*`,
    );
    expect(statements.map(({ Action, Resource, Condition }) => [Action, Resource, Condition])).to.deep.equal([
      [["ecs:RunTask"], derived, { ArnEquals: { "ecs:cluster": clusterArn } }],
      [["ecs:DescribeTaskDefinition"], "*", { StringEquals: { "aws:RequestedRegion": "eu-central-1" } }],
      [
        ["ecs:RegisterTaskDefinition"],
        derived,
        {
          "ForAllValues:StringEquals": { "ecs:compute-compatibility": "FARGATE" },
          Null: { "ecs:compute-compatibility": "false" },
        },
      ],
      [["ecs:TagResource"], derived, { StringEquals: { "ecs:CreateAction": "RegisterTaskDefinition" } }],
    ]);
  });

  it("are more than a host had, as a merge request is told, and no more where nothing changes", () => {
    const policy = (Statement: Statement[]) => JSON.stringify({ Version: "2012-10-17", Statement });
    const after = policy(imageStatements(clusterArn, ["ci_default"]));
    expect(compareGrants(policy([]), after)).to.equal("wider");
    expect(compareGrants(after, after)).to.equal("same or narrower");
    expect(compareGrants(after, policy(imageStatements(clusterArn, ["ci_default", "ci_large"])))).to.equal("wider");
  });

  it("are such as AWS knows, with its resources and condition keys", async () => {
    expect(await checkStatements(imageStatements(clusterArn, ["ci_default"]))).to.deep.equal([]);
    expect(await checkStatements(readStatements([repository("team/*")]))).to.deep.equal([]);
  });

  it("are to read, from the repositories alone that tasks pull from", () => {
    expect(readStatements([])).to.deep.equal([]);
    const [team, app] = [repository("team/*"), repository("app")];
    expect(readStatements([team, app]).map(({ Action, Resource }) => [Action, Resource])).to.deep.equal([
      [["ecr:GetAuthorizationToken"], "*"],
      [["ecr:DescribePullThroughCacheRules"], "*"],
      [
        ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        [team, app],
      ],
    ]);
  });

  const repositories: [string[], string[]][] = [
    [["node:*", "**", "registry.example.com/**"], []],
    // Whose registry is not written out.
    [[`*.dkr.ecr.eu-central-1.amazonaws.com/**`, `${registry.replace("eu-central-1", "*")}/a`], []],
    [[`${registry}/team/app`, `${registry}/team/app:1`, `${registry}/team/app@*`], [repository("team/app")]],
    [
      [`${registry}/team/**`, `${registry}/a?/**/b:1.*`, `${registry}/**/c`],
      // The driver takes a?/b and c for these, too.
      [repository("*c"), repository("a?/*b"), repository("team/*")],
    ],
    [[`${registry}/{team/{a,b},c:1}`], ["c", "team/a", "team/b"].map(repository)],
    [[`${registry}/v[0-9]/app:*`], [repository("v?/app")]],
    [["210987654321.dkr.ecr.us-east-1.amazonaws.com/x:*"], ["arn:aws:ecr:us-east-1:210987654321:repository/x"]],
  ];
  for (const [patterns, arns] of repositories) {
    it(`are to pull from ${arns.join() || "no repository of ECR"} with ${patterns.join()}`, () => {
      expect(imageRepositories(patterns, "aws")).to.deep.equal(arns);
    });
  }
});

describe("a stack whose jobs may name images", () => {
  const policy = (deployment: Deployment, name: string) =>
    JSON.parse(plain<string>(only(deployment, "aws:iam/rolePolicy:RolePolicy", `gitlab-runners-${name}`).inputs.policy))
      .Statement as Statement[];
  const files = (deployment: Deployment) => {
    const file = (name: string) =>
      parse(plain<string>(only(deployment, command, `gitlab-runners-host-${name}`).inputs.stdin)) as never;
    return { fargate: file("fargate-toml"), config: file("config-toml") } as {
      fargate: { Fargate: Record<string, unknown>; Profiles?: Record<string, Record<string, unknown>> };
      config: { runners: { name: string; custom: Record<string, unknown> }[] };
    };
  };
  const ecsActions = (deployment: Deployment) =>
    policy(deployment, "host").flatMap(({ Action }) => Action.filter((name) => name.endsWith("TaskDefinition")));

  it("has them in fargate.toml, an entry's own in a profile of its name, and the rights for all of them", async () => {
    const own = { path: "acme/data", images: [`${registry}/data/*`, "a:1"] };
    const images = { allowed: ["node:*", "alpine:3"] };
    const deployment = await run(raw({ images, groups: ["acme", own, { path: "acme/none", images: [] }] }));
    const { fargate, config } = files(deployment);
    expect(fargate.Fargate.AllowedImages).to.deep.equal(["alpine:3", "node:*"]);
    expect(fargate.Profiles!["group/acme/data"].AllowedImages).to.deep.equal([`${registry}/data/*`, "a:1"]);
    expect(fargate.Profiles!["group/acme/none"].AllowedImages).to.deep.equal([]);
    for (const { name, custom } of config.runners) {
      // The driver tells the runner where such a job's sources are.
      expect(custom.config_exec, name).to.equal(custom.prepare_exec);
      expect((custom.config_args as string[]).includes("--profile"), name).to.equal(name !== "acme");
    }
    expect(ecsActions(deployment)).to.have.members(["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"]);
    const pull = policy(deployment, "execution").find(({ Sid }) => Sid === "PullImage")!;
    expect(pull.Resource).to.be.an("array").and.include(repository("data/*"));
    const read = policy(deployment, "host").find(({ Sid }) => Sid === "ReadImages")!;
    expect(read.Resource).to.deep.equal([repository("data/*")]);
  });

  it("gets the rights for an entry alone, too", async () => {
    const deployment = await run(raw({ groups: ["acme", { path: "acme/data", images: ["node:*"] }] }));
    expect(files(deployment).fargate.Fargate).to.not.have.property("AllowedImages");
    expect(ecsActions(deployment)).to.have.length(2);
    expect(JSON.stringify(policy(deployment, "host"))).to.not.contain("ecr:");
  });

  it("is as it was where no entry's jobs may, whatever the stack's list says", async () => {
    for (const more of [{}, { images: { allowed: ["node:*"] }, groups: [{ path: "a", images: [] }] }]) {
      const deployment = await run(raw(more));
      expect(ecsActions(deployment)).to.deep.equal([]);
      expect(JSON.stringify(policy(deployment, "host")))
        .to.not.contain("-image-")
        .and.not.contain("ecr:");
      expect(policy(deployment, "execution").find(({ Sid }) => Sid === "PullImage")!.Resource).to.be.a("string");
    }
  });
});
