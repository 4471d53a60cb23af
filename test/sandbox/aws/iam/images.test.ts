/** What the host's statements for jobs' images let a host register and run, as the sandbox decides it. */
import { expect } from "chai";
import { imageStatements } from "../../../../components/iam/images";
import { globalContext } from "../../../../sandbox/aws/iam/authorizer";
import { ecsPermissions } from "../../../../sandbox/aws/iam/ecs-permissions";
import { evaluate } from "../../../../sandbox/aws/iam/evaluate";
import { parsePolicy } from "../../../../sandbox/aws/iam/policy";

const ecs = "arn:aws:ecs:us-east-1:123456789012";
const cluster = `${ecs}:cluster/jobs`;
const Statement = imageStatements(cluster, ["ci_default"]);
const identity = [parsePolicy("host", JSON.stringify({ Version: "2012-10-17", Statement }))];

/** The actions of a call that the statements do not allow. */
const refused = (...call: Parameters<typeof ecsPermissions>) =>
  ecsPermissions(...call)
    .filter(({ context, ...permission }) => {
      const request = {
        ...permission,
        context: { ...globalContext({ roleArn: "arn:aws:iam::123456789012:role/host" }), ...context },
      };
      return !evaluate({ identity }, request).allowed;
    })
    .map(({ action }) => action);

describe("IAM: a host whose jobs may name images", () => {
  const tags = [{ key: "stack", value: "test" }];
  const requiresCompatibilities = ["FARGATE"];

  it("registers, with tags, what is derived from the stack's own, and describes it", () => {
    const family = "ci_default-image-0123456789abcdef0123";
    expect(refused("RegisterTaskDefinition", { family, tags, requiresCompatibilities })).to.deep.equal([]);
    expect(refused("DescribeTaskDefinition", { taskDefinition: family })).to.deep.equal([]);
  });

  for (const family of ["ci_default", "ci_large-image-1", "xci_default-image-1", "ci_default-images"]) {
    it(`registers no ${family}`, () => {
      const actions = ["ecs:RegisterTaskDefinition", "ecs:TagResource"];
      expect(refused("RegisterTaskDefinition", { family, tags, requiresCompatibilities })).to.deep.equal(actions);
    });
  }

  for (const others of [undefined, [], ["EC2"], ["EC2", "FARGATE"], ["FARGATE", "MANAGED_INSTANCES"]]) {
    it(`registers nothing whose requiresCompatibilities is ${JSON.stringify(others)}`, () => {
      const request = { family: "ci_default-image-1", ...(others && { requiresCompatibilities: others }) };
      expect(refused("RegisterTaskDefinition", request)).to.deep.equal(["ecs:RegisterTaskDefinition"]);
    });
  }

  it("tags no definition that is there already", () => {
    const resourceArn = `${ecs}:task-definition/ci_default-image-1:1`;
    expect(refused("TagResource", { resourceArn, tags })).to.deep.equal(["ecs:TagResource"]);
  });

  it("runs it in the stack's cluster alone", () => {
    const taskDefinitionArn = `${ecs}:task-definition/ci_default-image-1:1`;
    const definition = { taskDefinitionArn, family: "ci_default-image-1", revision: 1, containerDefinitions: [] };
    const run = (where: string) =>
      refused("RunTask", { cluster: where, taskDefinition: taskDefinitionArn }, definition);
    expect(run(cluster)).to.deep.equal([]);
    expect(run(`${ecs}:cluster/other`)).to.deep.equal(["ecs:RunTask"]);
  });
});
