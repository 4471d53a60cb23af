import { expect } from "chai";
import * as fs from "node:fs";
import * as path from "node:path";
import { deploymentPolicies, type PolicyDocument, type StackPlace } from "../../components/iam/deployment-policies";
import { lookUpRights, resourceRights } from "../../components/iam/deployment-rights";
import type { Statement } from "../../components/iam/documents";
import { dashboardName, stackTag, taskFamily } from "../../components/names";
import { matchesArn } from "../../sandbox/aws/iam/patterns";
import { awsPackage } from "../../sandbox/providers/aws";
import { UserError } from "../../automation/errors";
import { examples, placeOf, policyFiles } from "../../scripts/policies";
import { run, tags } from "./support/program";
import { checkStatements } from "./support/iam-reference";
import { variants } from "./support/variants";

/** Everything that the program can register. */
const resources = fs
  .readFileSync(path.join(__dirname, "urns.txt"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => line.split(" "))
  .map(([type, name]) => ({ type, name }));

const boundary = "arn:aws:iam::123456789012:policy/boundary";
const place: StackPlace = { region: "eu-central-1", account: "123456789012", stack: "test" };
const { preview, deploy, deployHosts } = deploymentPolicies(place);
const deployer = [...deploy.Statement, ...deployHosts.Statement];
const actionsOf = (statements: readonly Statement[]) => statements.flatMap(({ Action }) => Action);
/** Statements that allow the action. */
const allowing = (statements: readonly Statement[], action: string) =>
  statements.filter(({ Action }) => Action.includes(action));
const open = (statements: readonly Statement[]) => statements.filter(({ Resource }) => [Resource].flat().includes("*"));

describe("the policies of previews and deployments", () => {
  it("know every type that the program registers", () => {
    const aws = resources.map(({ type }) => type).filter((type) => /^(aws|awsx|docker-build):/.test(type));
    expect(Object.keys(resourceRights)).to.include.members(aws);
  });

  it("know what the sandbox's AWS provider has, which is what the stack takes, awsx's parts included", () => {
    const { resources: types, functions } = awsPackage({ endpoint: "http://127.0.0.1:1" });
    expect(Object.keys(resourceRights)).to.include.members(Object.keys(types));
    expect(Object.keys(lookUpRights)).to.include.members(Object.keys(functions));
  });

  it("know every function that the program calls", async () => {
    const { calls } = await run();
    expect(Object.keys(lookUpRights)).to.include.members(calls.filter((token) => token.startsWith("aws:")));
  });

  it("grant all of the table", () => {
    for (const { read, write } of Object.values(resourceRights)) {
      expect(actionsOf(preview.Statement)).to.include.members(Object.values(read).flat());
      expect(actionsOf(deployer)).to.include.members(Object.values(write).flat());
    }
    expect(actionsOf(preview.Statement)).to.include.members(
      Object.values(lookUpRights).flatMap((one) => Object.values(one).flat()),
    );
  });

  it("fit into managed policies, with the longest names that there are", () => {
    const stack = "a".repeat(100);
    const longest = deploymentPolicies({
      ...place,
      partition: "aws-us-gov",
      region: "us-gov-west-1",
      stack,
      permissionsBoundary: `${boundary}${"b".repeat(100)}`,
    });
    for (const document of Object.values(longest)) expect(JSON.stringify(document)).to.have.length.below(6144);
  });

  it("let a preview read only", () => {
    for (const action of actionsOf(preview.Statement)) {
      expect(action).to.match(/:(Describe|Get|List)|^ecr:Batch(Check|Get)/);
    }
  });

  it("name no action by a wildcard", () => {
    for (const action of actionsOf([...preview.Statement, ...deployer])) expect(action).to.not.match(/[*?]/);
  });

  it("stand for all resources only to look, and where AWS knows no resource", () => {
    expect(actionsOf(open(deployer))).to.deep.equal([
      "ecs:DeregisterTaskDefinition",
      "ecs:ListTaskDefinitionFamilies",
      "ecs:ListTaskDefinitions",
    ]);
    expect(
      actionsOf(open(preview.Statement)).filter((action) => !/:(Describe|GetAuthorizationToken)/.test(action)),
    ).to.deep.equal(["servicequotas:GetAWSDefaultServiceQuota"]);
  });

  it("fit the names that the provider makes of the program's", () => {
    const names: Record<string, (name: string) => string> = {
      "aws:cloudwatch/logGroup:LogGroup": (name) => `arn:aws:logs:eu-central-1:123456789012:log-group:${name}-1a2b3c4`,
      "aws:cloudwatch/metricAlarm:MetricAlarm": (name) =>
        `arn:aws:cloudwatch:eu-central-1:123456789012:alarm:${name}-1a2b3c4`,
      "aws:ecs/cluster:Cluster": (name) => `arn:aws:ecs:eu-central-1:123456789012:cluster/${name}-1a2b3c4`,
      "aws:iam/instanceProfile:InstanceProfile": (name) => `arn:aws:iam::123456789012:instance-profile/${name}-1a2b3c4`,
      "aws:iam/role:Role": (name) => `arn:aws:iam::123456789012:role/${name}-1a2b3c4`,
      "aws:s3/bucket:Bucket": (name) => `arn:aws:s3:::${name}-1a2b3c4`,
      "aws:sns/topic:Topic": (name) => `arn:aws:sns:eu-central-1:123456789012:${name}-1a2b3c4`,
      "awsx:ecr:Repository": (name) => `arn:aws:ecr:eu-central-1:123456789012:repository/${name}-1a2b3c4`,
    };
    const patterns = deployer.flatMap(({ Resource }) => Resource).filter((pattern) => pattern !== "*");
    const fits = (arn: string) => patterns.some((pattern) => matchesArn(pattern, arn));
    for (const [type, arnOf] of Object.entries(names)) {
      const found = resources.filter((resource) => resource.type === type);
      expect(found, type).to.not.deep.equal([]);
      for (const { name } of found) expect(fits(arnOf(name)), arnOf(name)).to.equal(true);
    }
    const family = taskFamily("test", "large");
    expect(fits(`arn:aws:ecs:eu-central-1:123456789012:task-definition/${family}:7`)).to.equal(true);
    expect(fits(`arn:aws:ecs:eu-central-1:123456789012:task-definition/${taskFamily("other", "large")}:7`)).to.equal(
      false,
    );
    expect(fits(`arn:aws:cloudwatch::123456789012:dashboard/${dashboardName("test")}`)).to.equal(true);
    expect(fits("arn:aws:iam::123456789012:role/administrator")).to.equal(false);
  });

  it("hand the host's role to EC2 and the tasks' roles to ECS, and no other role to anybody", () => {
    const passed = allowing(deployer, "iam:PassRole").map(({ Resource, Condition }) => [Condition, Resource]);
    const role = (name: string) => `arn:aws:iam::123456789012:role/gitlab-runners-${name}-*`;
    expect(passed).to.deep.equal([
      [{ StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" } }, [role("host")]],
      [{ StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } }, [role("execution"), role("task")]],
    ]);
  });

  it("touch in EC2 only what carries the stack's tag", () => {
    expect(tags).to.have.property(stackTag, "test");
    const carried = { StringEquals: { [`aws:ResourceTag/${stackTag}`]: "test" } };
    for (const action of [
      "TerminateInstances",
      "StopInstances",
      "DeleteSecurityGroup",
      "ReleaseAddress",
      "DeleteTags",
    ]) {
      expect(
        allowing(deployer, `ec2:${action}`).map(({ Condition }) => Condition),
        action,
      ).to.deep.equal([carried]);
    }
    for (const { Condition } of allowing(deployer, "ec2:CreateTags")) {
      expect(JSON.stringify(Condition)).to.contain(`Tag/${stackTag}":"test"`);
    }
  });

  it("make no role without the permissions boundary where there is one", () => {
    const bounded = deploymentPolicies({ ...place, permissionsBoundary: boundary }).deployHosts.Statement;
    for (const action of [
      "CreateRole",
      "PutRolePolicy",
      "DeleteRolePolicy",
      "UpdateAssumeRolePolicy",
      "PutRolePermissionsBoundary",
    ]) {
      expect(
        allowing(bounded, `iam:${action}`).map(({ Condition }) => Condition),
        action,
      ).to.deep.equal([{ StringEquals: { "iam:PermissionsBoundary": boundary } }]);
    }
    expect(actionsOf(bounded)).to.not.include.members(["iam:DeleteRolePermissionsBoundary"]);
  });

  it("stand in docs/policies as the program has them (npm run policies writes them)", () => {
    for (const [name, text] of Object.entries(policyFiles({}))) {
      expect(fs.readFileSync(path.join(examples, name), "utf8"), name).to.equal(text);
    }
  });

  it("are of the place that the stack's file names", () => {
    const file = `config:\n  aws:region: cn-north-1\n  gitlab-fargate-runners:permissionsBoundary: ${boundary}\n`;
    expect(placeOf("dev", file, "1")).to.deep.equal({
      stack: "dev",
      account: "1",
      region: "cn-north-1",
      permissionsBoundary: boundary,
      kmsKeyArn: undefined,
      taskRoles: [],
      partition: "aws-cn",
    });
    expect(placeOf("dev", "")).to.include({ stack: "dev", region: undefined, partition: undefined });
  });

  it("look at the jobs' roles that the stack's file names, and at no role of others without", () => {
    const [deployer, reader] = ["ci/deploy", "read"].map((name) => `arn:aws:iam::123456789012:role/${name}`);
    const list = (name: string, ...roles: string[]) =>
      `  gitlab-fargate-runners:${name}:\n    - a\n    - 42\n` +
      roles.map((role) => `    - { id: 1, taskRole: "${role}" }\n`).join("");
    const file = `config:\n${list("projects", reader, deployer)}${list("groups", reader)}`;
    const looking = (taskRoles?: string[]) =>
      allowing(deploymentPolicies({ ...place, taskRoles }).preview.Statement, "iam:GetRole").map((one) => one.Resource);
    const { taskRoles } = placeOf("dev", file);
    const merged = `config:\n  gitlab-fargate-runners:groups:\n    - { <<: { taskRole: "${reader}" }, path: a }\n`;
    expect(placeOf("dev", merged).taskRoles).to.deep.equal([reader]);
    const map = `config:\n  gitlab-fargate-runners:projects: { a/b: { taskRole: "${deployer}" }, a/c: null }\n`;
    expect(placeOf("dev", map).taskRoles).to.deep.equal([deployer]);
    expect(() => placeOf("dev", "config: { a: *b }")).to.throw(UserError, "the stack's file, line 1: no valid YAML");
    expect(looking([...taskRoles!])).to.deep.equal([...looking(), [deployer, reader]]);
    expect(JSON.stringify(looking())).to.not.contain('"*"');
  });
});

describe("actions, resources and conditions are those of AWS's Service Authorization Reference:", () => {
  const documents: Record<string, PolicyDocument> = { preview, deploy, deployHosts, ...anyStack() };
  for (const [name, { Statement }] of Object.entries(documents)) {
    it(name, async () => expect(await checkStatements(Statement)).to.deep.equal([]));
  }
});

describe("the policies of roles and of the bucket are, too:", () => {
  for (const [what, settings, stack] of variants) {
    it(what, async () => {
      const { resources: registered } = await run(settings, { stack });
      const documents = registered.filter(({ type }) => /^aws:(iam\/rolePolicy|s3\/bucketPolicy):/.test(type));
      expect(documents.length).to.be.greaterThan(1);
      for (const { urn, inputs } of documents) {
        const { Statement } = JSON.parse(inputs.policy as string) as PolicyDocument;
        expect(await checkStatements(Statement), urn).to.deep.equal([]);
      }
    });
  }
});

describe("the check against the reference", () => {
  const statement = (change: Partial<Statement>): Statement => ({
    Sid: "One",
    Effect: "Allow",
    Action: ["ecs:RunTask"],
    Resource: "arn:aws:ecs:eu-central-1:123456789012:task-definition/a:*",
    ...change,
  });

  it("finds what AWS does not know", async () => {
    const wrong: [Partial<Statement>, RegExp][] = [
      [{ Action: ["ecs:RunTasks"] }, /RunTasks: there is no such action/],
      [{ Resource: "arn:aws:ecs:eu-central-1:123456789012:cluster/a" }, /takes none of/],
      [{ Resource: "arn:aws:ec2:eu-central-1:123456789012:instance/a" }, /takes none of/],
      [{ Action: ["ecs:DeregisterTaskDefinition"] }, /takes no resource/],
      [{ Action: ["s3:GetObject"], Resource: "arn:aws:s3:::bucket" }, /takes none of/],
      [{ Action: ["s3:ListBucket"], Resource: "arn:aws:s3:::bucket/*" }, /takes none of/],
      [{ Condition: { StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" } } }, /does not know iam:PassedTo/],
    ];
    for (const [change, problem] of wrong) {
      expect((await checkStatements([statement(change)])).join("\n")).to.match(problem);
    }
    expect(await checkStatements([statement({})])).to.deep.equal([]);
  });
});

function anyStack(): Record<string, PolicyDocument> {
  const key = "arn:aws:kms:eu-central-1:123456789012:key/1";
  const all = deploymentPolicies({ permissionsBoundary: boundary, kmsKeyArn: key });
  return Object.fromEntries(Object.entries(all).map(([name, document]) => [`${name} of any stack`, document]));
}
