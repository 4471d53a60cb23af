/** The services that jobs may name by `services:`: what is refused in the settings, and what comes of them. */
import { expect } from "chai";
import { parse } from "smol-toml";
import type { Statement } from "../../components/iam/documents";
import { serviceStatements } from "../../components/iam/services";
import { allServices, foreignImages } from "../../components/settings/services";
import { parseSettings } from "../../components/settings/settings";
import { warningsOf } from "../../components/settings/warnings";
import { only, plain, type Deployment } from "./support/deploy";
import { checkStatements } from "./support/iam-reference";
import { command, run } from "./support/program";
import { errorsOf, raw } from "./support/settings";

const registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
const logGroup = "arn:aws:logs:eu-central-1:123456789012:log-group:jobs-1";

describe("services that jobs may name", () => {
  it("are patterns as of images, refused with the place and the way out", () => {
    const groups = ["acme", { path: "acme/data", services: ["postgres:["] }];
    const services = { allowed: ["redis:*", "redis:*", ""], wait: 601 };
    const way = 'write a pattern such as "node:*" or "registry.example.com/team/**"';
    expect(errorsOf(raw({ groups, services }))).to.have.members([
      `groups[1].services[0]: "postgres:[" has a [ without its ], or nothing between them; ${way}`,
      "services.allowed[1]: the same as [0]",
      `services.allowed[2]: empty; ${way}`,
      "services.wait: 601 is too large: at most 600 (seconds)",
    ]);
  });

  it("do not go with a size whose family is one of those that hosts may register", () => {
    const sizes = { large: { cpu: 4096, memory: 16384 }, "large-image-a": { cpu: 256, memory: 512 } };
    for (const more of [{ services: { allowed: ["a"] } }, { groups: [{ path: "a", services: ["a"] }] }]) {
      expect(errorsOf(raw({ sizes, ...more }))[0]).to.match(
        /^sizes\.large-image-a: "large-image-…" is what is made of/,
      );
    }
  });

  it("are warned of where nobody may name them, and where nobody waits", () => {
    const warnings = (over: object) => warningsOf(parseSettings(raw({ groups: ["a"], ...over })));
    expect(warnings({ services: { allowed: ["redis:*"], wait: 60 } })).to.deep.equal([]);
    expect(warnings({ services: { wait: 60 } })).to.deep.equal([
      "services.wait: 60 has no effect; no job may name services (services.allowed)",
    ]);
    expect(warnings({ groups: [{ path: "a", services: [] }], services: { allowed: ["redis:*"] } })).to.deep.equal([
      "services.allowed: has no effect; each entry has services of its own",
    ]);
  });

  it("are those of some entry; with images, all that tasks may be made of", () => {
    const over = {
      services: { allowed: ["z", "b"] },
      groups: ["a", { path: "c", services: ["b", "a"], images: ["i"] }],
    };
    const settings = parseSettings(raw(over));
    expect(allServices(settings)).to.deep.equal(["a", "b", "z"]);
    expect(foreignImages(settings)).to.deep.equal(["a", "b", "i", "z"]);
    expect(allServices(parseSettings(raw({ ...over, groups: [{ path: "c", services: [] }] })))).to.deep.equal([]);
  });
});

describe("the right to read services' log", () => {
  it("is that of their containers' streams alone, and one that AWS knows", async () => {
    const statements = serviceStatements(logGroup);
    expect(statements.map(({ Action, Resource }) => [Action, Resource])).to.deep.equal([
      [["logs:GetLogEvents"], `${logGroup}:log-stream:job/ci-service-*`],
    ]);
    expect(await checkStatements(statements)).to.deep.equal([]);
  });
});

describe("a stack whose jobs may name services", () => {
  const policy = (deployment: Deployment, name: string) =>
    JSON.parse(plain<string>(only(deployment, "aws:iam/rolePolicy:RolePolicy", `gitlab-runners-${name}`).inputs.policy))
      .Statement as Statement[];
  const fargate = (deployment: Deployment) =>
    parse(plain<string>(only(deployment, command, "gitlab-runners-host-fargate-toml").inputs.stdin)) as {
      Fargate: Record<string, unknown>;
      Profiles?: Record<string, Record<string, unknown>>;
    };
  const actions = (deployment: Deployment) => policy(deployment, "host").flatMap(({ Action }) => Action);

  it("has them in fargate.toml, an entry's own in a profile of its name, and the rights, without any image", async () => {
    const own = { path: "acme/data", services: [`${registry}/data/*`, "a:1"] };
    const services = { allowed: ["redis:*", "postgres:17"], wait: 90 };
    const deployment = await run(raw({ services, groups: ["acme", own, { path: "acme/none", services: [] }] }));
    const { Fargate, Profiles } = fargate(deployment);
    expect(Fargate).to.deep.include({ AllowedServices: ["postgres:17", "redis:*"], WaitForServices: "90s" });
    expect(Fargate).to.not.have.property("AllowedImages");
    expect(Profiles!["group/acme/data"].AllowedServices).to.deep.equal([`${registry}/data/*`, "a:1"]);
    expect(Profiles!["group/acme/none"].AllowedServices).to.deep.equal([]);
    expect(actions(deployment)).to.include.members(["ecs:RegisterTaskDefinition", "logs:GetLogEvents"]);
    const pull = policy(deployment, "execution").find(({ Sid }) => Sid === "PullImage")!;
    expect(pull.Resource).to.be.an("array").and.include("arn:aws:ecr:eu-central-1:123456789012:repository/data/*");
  });

  it("has the rights for an entry alone, too", async () => {
    const deployment = await run(raw({ groups: ["acme", { path: "acme/data", services: ["redis:*"] }] }));
    expect(fargate(deployment).Fargate).to.not.have.property("AllowedServices");
    expect(fargate(deployment).Fargate).to.have.property("WaitForServices", "30s");
    expect(actions(deployment)).to.include.members(["ecs:RegisterTaskDefinition", "logs:GetLogEvents"]);
  });

  it("reads no log and waits for nothing where no entry's jobs may, whatever the stack's list says", async () => {
    const none = { services: { allowed: ["redis:*"], wait: 60 }, groups: [{ path: "a", services: [] }] };
    for (const more of [{}, none, { images: { allowed: ["node:*"] } }]) {
      const deployment = await run(raw(more));
      expect(actions(deployment)).to.not.include("logs:GetLogEvents");
      expect(fargate(deployment).Fargate).to.not.have.property("WaitForServices");
      expect(actions(deployment).includes("ecs:RegisterTaskDefinition")).to.equal("images" in more);
    }
  });
});
