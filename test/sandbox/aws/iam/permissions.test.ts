import { expect } from "chai";
import { ecsPermissions } from "../../../../sandbox/aws/iam/ecs-permissions";
import type { Permission } from "../../../../sandbox/aws/iam/evaluate";
import { permissionsOf } from "../../../../sandbox/aws/iam/permissions";
import { s3Permissions } from "../../../../sandbox/aws/iam/s3-permissions";
import type { TaskDefinition } from "../../../../sandbox/aws/ecs/types";

const prefix = "arn:aws:ecs:us-east-1:123456789012";
const cluster = `${prefix}:cluster/jobs`;
const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
const definition: TaskDefinition = {
  taskDefinitionArn: `${prefix}:task-definition/ci:7`,
  family: "ci",
  revision: 7,
  taskRoleArn: role("task"),
  executionRoleArn: role("execution"),
  containerDefinitions: [],
};
const pairs = (permissions: Permission[]) => permissions.map(({ action, resource }) => [action, resource]);
const contextOf = (permissions: Permission[], action: string) =>
  permissions.find((permission) => permission.action === action)?.context;

describe("IAM: what calls of ECS need", () => {
  it("RunTask: the definition's revision, its roles, and to tag where there are tags", () => {
    const untagged = ecsPermissions("RunTask", { cluster: "jobs", taskDefinition: "ci" }, definition);
    expect(pairs(untagged)).to.deep.equal([
      ["ecs:RunTask", `${prefix}:task-definition/ci:7`],
      ["iam:PassRole", role("task")],
      ["iam:PassRole", role("execution")],
    ]);
    expect(contextOf(untagged, "ecs:RunTask")).to.include({ "ecs:cluster": cluster });
    expect(contextOf(untagged, "iam:PassRole")).to.deep.equal({ "iam:PassedToService": "ecs-tasks.amazonaws.com" });

    const tags = [{ key: "job", value: "1" }];
    const tagged = ecsPermissions("RunTask", { cluster, taskDefinition: "ci", tags }, definition);
    expect(pairs(tagged)[1]).to.deep.equal(["ecs:TagResource", `${prefix}:task/jobs/*`]);
    expect(contextOf(tagged, "ecs:TagResource")).to.deep.include({
      "ecs:CreateAction": "RunTask",
      "aws:RequestTag/job": "1",
      "aws:TagKeys": ["job"],
    });
  });

  it("RunTask: the roles that overrides put in the definition's place", () => {
    const overrides = { taskRoleArn: role("other") };
    const needed = ecsPermissions("RunTask", { taskDefinition: "ci", overrides }, definition);
    expect(pairs(needed).slice(1)).to.deep.equal([
      ["iam:PassRole", role("other")],
      ["iam:PassRole", role("execution")],
    ]);
  });

  it("StopTask and DescribeTasks: each task, in its cluster", () => {
    const arn = `${prefix}:task/jobs/abc`;
    expect(ecsPermissions("StopTask", { cluster: "jobs", task: "abc" })).to.deep.equal([
      { action: "ecs:StopTask", resource: arn, context: { "ecs:cluster": cluster } },
    ]);
    expect(pairs(ecsPermissions("DescribeTasks", { cluster, tasks: ["abc", `${prefix}:task/other/d`] }))).to.deep.equal(
      [
        ["ecs:DescribeTasks", arn],
        ["ecs:DescribeTasks", `${prefix}:task/other/d`],
      ],
    );
  });

  it("ListTasks: no resource, but the cluster; the default one where none is named", () => {
    expect(ecsPermissions("ListTasks", { cluster: "jobs" })).to.deep.equal([
      { action: "ecs:ListTasks", resource: "*", context: { "ecs:cluster": cluster } },
    ]);
    expect(contextOf(ecsPermissions("StopTask", { task: "abc" }), "ecs:StopTask")).to.deep.equal({
      "ecs:cluster": `${prefix}:cluster/default`,
    });
  });

  it("RegisterTaskDefinition: to pass the roles on", () => {
    expect(pairs(ecsPermissions("RegisterTaskDefinition", { executionRoleArn: role("execution") }))).to.deep.equal([
      ["ecs:RegisterTaskDefinition", "*"],
      ["iam:PassRole", role("execution")],
    ]);
  });
});

describe("IAM: what requests to S3 need", () => {
  for (const [request, action, resource] of [
    ["GET /cache/a/b%20c?X-Amz-Credential=x&x-id=GetObject", "s3:GetObject", "arn:aws:s3:::cache/a/b c"],
    ["GET /cache/../other/key", "s3:GetObject", "arn:aws:s3:::cache/../other/key"],
    ["HEAD /cache/key", "s3:GetObject", "arn:aws:s3:::cache/key"],
    ["PUT /cache/key", "s3:PutObject", "arn:aws:s3:::cache/key"],
    ["PUT /cache/key?partNumber=1&uploadId=u", "s3:PutObject", "arn:aws:s3:::cache/key"],
    ["POST /cache/key?uploads", "s3:PutObject", "arn:aws:s3:::cache/key"],
    ["DELETE /cache/key", "s3:DeleteObject", "arn:aws:s3:::cache/key"],
    ["DELETE /cache/key?uploadId=u", "s3:AbortMultipartUpload", "arn:aws:s3:::cache/key"],
    ["GET /cache?list-type=2&prefix=a", "s3:ListBucket", "arn:aws:s3:::cache"],
    ["HEAD /cache/", "s3:ListBucket", "arn:aws:s3:::cache"],
    ["GET /cache?location", "s3:GetBucketLocation", "arn:aws:s3:::cache"],
  ] as const) {
    it(request, () => {
      const [method = "", url = ""] = request.split(" ");
      expect(pairs(s3Permissions(method, url).needed)).to.deep.equal([[action, resource]]);
    });
  }

  it("to see that an object is absent: to list the bucket", () => {
    expect(s3Permissions("GET", "/cache/key").toSeeAbsence).to.include({ action: "s3:ListBucket" });
    expect(s3Permissions("PUT", "/cache/key").toSeeAbsence).to.equal(undefined);
  });

  it("are refused where that is not known", () => {
    for (const request of ["GET /", "GET //cache/key", "PUT /cache/key?acl", "PUT /cache", "GET /cache?policy"]) {
      const [method = "", url = ""] = request.split(" ");
      expect(() => s3Permissions(method, url), request).to.throw("does not know what S3's");
    }
  });
});

describe("IAM: what other calls need", () => {
  it("nothing to ask who one is", () => {
    expect(permissionsOf("sts", "GetCallerIdentity", {})).to.deep.equal([]);
  });

  it("a resource where it is known", () => {
    const log = { logGroupName: "jobs", logStreamName: "s" };
    expect(pairs(permissionsOf("logs", "PutLogEvents", log))).to.deep.equal([
      ["logs:PutLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:jobs:log-stream:s"],
    ]);
    expect(pairs(permissionsOf("ecr", "BatchGetImage", { repositoryName: "job" }))).to.deep.equal([
      ["ecr:BatchGetImage", "arn:aws:ecr:us-east-1:123456789012:repository/job"],
    ]);
    expect(permissionsOf("monitoring", "PutMetricData", { Namespace: "jobs" })).to.deep.equal([
      { action: "cloudwatch:PutMetricData", resource: "*", context: { "cloudwatch:namespace": "jobs" } },
    ]);
  });
});
