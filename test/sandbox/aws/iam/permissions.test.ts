import { expect } from "chai";
import { deploymentPolicies } from "../../../../components/iam/deployment-policies";
import { Authorizer } from "../../../../sandbox/aws/iam/authorizer";
import { ec2Permissions } from "../../../../sandbox/aws/iam/ec2-permissions";
import { ecsPermissions } from "../../../../sandbox/aws/iam/ecs-permissions";
import type { Permission } from "../../../../sandbox/aws/iam/evaluate";
import { permissionsOf } from "../../../../sandbox/aws/iam/permissions";
import { parsePolicy } from "../../../../sandbox/aws/iam/policy";
import { assumedRole } from "../../../../sandbox/aws/iam/principal";
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

  it("RegisterTaskDefinition: the family, to tag where there are tags, and to pass the roles on", () => {
    const tags = [{ key: "stack", value: "test" }];
    const request = { family: "ci", executionRoleArn: role("execution"), tags };
    expect(pairs(ecsPermissions("RegisterTaskDefinition", request))).to.deep.equal([
      ["ecs:RegisterTaskDefinition", `${prefix}:task-definition/ci:*`],
      ["ecs:TagResource", `${prefix}:task-definition/ci:*`],
      ["iam:PassRole", role("execution")],
    ]);
  });

  it("RegisterTaskDefinition: told what it is compatible with, where the request says so", () => {
    const [fargate] = ecsPermissions("RegisterTaskDefinition", { family: "ci", requiresCompatibilities: ["FARGATE"] });
    expect(fargate!.context).to.deep.equal({ "ecs:compute-compatibility": ["FARGATE"] });
    const [silent, tag] = ecsPermissions("RegisterTaskDefinition", { family: "ci", tags: [{ key: "k", value: "v" }] });
    expect(silent!.context).to.deep.equal({
      "aws:RequestTag/k": "v",
      "aws:TagKeys": ["k"],
      "ecs:compute-compatibility": [],
    });
    expect(Object.keys(tag!.context)).to.have.members(["aws:RequestTag/k", "aws:TagKeys", "ecs:CreateAction"]);
  });

  it("clusters: the one that is named", () => {
    expect(pairs(ecsPermissions("CreateCluster", { clusterName: "jobs" }))).to.deep.equal([
      ["ecs:CreateCluster", cluster],
    ]);
    expect(pairs(ecsPermissions("DescribeClusters", { clusters: [cluster] }))).to.deep.equal([
      ["ecs:DescribeClusters", cluster],
    ]);
    expect(pairs(ecsPermissions("PutClusterCapacityProviders", { cluster: "jobs" }))).to.deep.equal([
      ["ecs:PutClusterCapacityProviders", cluster],
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
    ["PUT /cache", "s3:CreateBucket", "arn:aws:s3:::cache"],
    ["PUT /cache?policy=", "s3:PutBucketPolicy", "arn:aws:s3:::cache"],
    ["DELETE /cache?policy=", "s3:DeleteBucketPolicy", "arn:aws:s3:::cache"],
    ["DELETE /cache?lifecycle=", "s3:PutLifecycleConfiguration", "arn:aws:s3:::cache"],
    ["GET /cache?versions=", "s3:ListBucketVersions", "arn:aws:s3:::cache"],
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
    for (const request of ["GET /", "GET //cache/key", "PUT /cache/key?acl", "GET /cache?acl", "PUT /cache?website"]) {
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
    const taken = "arn:aws:iam::123456789012:role/cache";
    expect(pairs(permissionsOf("sts", "AssumeRole", { RoleArn: taken }))).to.deep.equal([["sts:AssumeRole", taken]]);
    expect(permissionsOf("monitoring", "PutMetricData", { Namespace: "jobs" })).to.deep.equal([
      { action: "cloudwatch:PutMetricData", resource: "*", context: { "cloudwatch:namespace": "jobs" } },
    ]);
  });

  it("to tag what they make, and to hand on a role", () => {
    const role = "arn:aws:iam::123456789012:role/host";
    expect(pairs(permissionsOf("iam", "CreateRole", { RoleName: "host", "Tags.member.1.Key": "a" }))).to.deep.equal([
      ["iam:CreateRole", role],
      ["iam:TagRole", role],
    ]);
    const added = { RoleName: "host", InstanceProfileName: "hosts" };
    expect(permissionsOf("iam", "AddRoleToInstanceProfile", added)).to.deep.equal([
      {
        action: "iam:AddRoleToInstanceProfile",
        resource: "arn:aws:iam::123456789012:instance-profile/hosts",
        context: {},
      },
      { action: "iam:PassRole", resource: role, context: { "iam:PassedToService": "ec2.amazonaws.com" } },
    ]);
  });

  it("the repository's KMS key, through ECR", () => {
    const key = "arn:aws:kms:us-east-1:123456789012:key/1";
    const encryptionConfiguration = { encryptionType: "KMS", kmsKey: key };
    const needed = permissionsOf("ecr", "CreateRepository", { repositoryName: "r", encryptionConfiguration });
    expect(pairs(needed).slice(1)).to.deep.equal([
      ["kms:CreateGrant", key],
      ["kms:DescribeKey", key],
    ]);
    expect(contextOf(needed, "kms:CreateGrant")).to.include({ "kms:ViaService": "ecr.us-east-1.amazonaws.com" });
    expect(permissionsOf("ecr", "CreateRepository", { repositoryName: "r" })).to.have.length(1);
  });

  it("all resources where a call names several, or none that is known", () => {
    expect(pairs(permissionsOf("monitoring", "DescribeAlarms", { AlarmNames: ["a", "b"] }))).to.deep.equal([
      ["cloudwatch:DescribeAlarms", "*"],
    ]);
    expect(pairs(permissionsOf("kms", "Decrypt", { KeyId: "a" }))).to.deep.equal([["kms:Decrypt", "*"]]);
  });
});

describe("IAM: what a deployer's policy with a KMS key is enough for", () => {
  const key = "arn:aws:kms:us-east-1:123456789012:key/1";
  const statements = deploymentPolicies({ kmsKeyArn: key }).deploy.Statement;
  const allowed = async ({ action, resource, context }: Permission) => {
    const identity = [parsePolicy("deploy", JSON.stringify({ Statement: statements }))];
    const authorizer = new Authorizer({ of: async () => ({ identity }) }, () => {});
    return (await authorizer.denial(assumedRole(role("deployer"), "s"), { action, resource, context })) === undefined;
  };
  const records = {
    tags: async () => ({}),
    keyPair: async () => ({}),
    roleOf: async (profile: string) => role(profile),
  };

  it("an encrypted root volume, and an encrypted repository", async () => {
    const form = { ImageId: "ami-1", "BlockDeviceMapping.1.Ebs.KmsKeyId": key };
    const encryptionConfiguration = { encryptionType: "KMS", kmsKey: key };
    const all = [
      ...(await ec2Permissions("RunInstances", form, records)),
      ...permissionsOf("ecr", "CreateRepository", { repositoryName: "r", encryptionConfiguration }),
    ].filter(({ action }) => action.startsWith("kms:"));
    expect(all).to.have.length(7);
    for (const permission of all) expect(await allowed(permission), permission.action).to.equal(true);
  });

  it("not the key itself, nor another one", async () => {
    const context = { "kms:ViaService": "ec2.us-east-1.amazonaws.com" };
    expect(await allowed({ action: "kms:Decrypt", resource: key, context })).to.equal(true);
    expect(await allowed({ action: "kms:Decrypt", resource: key, context: {} })).to.equal(false);
    expect(await allowed({ action: "kms:Decrypt", resource: `${key}2`, context })).to.equal(false);
  });
});

describe("IAM: what calls of EC2 need", () => {
  const arn = (resource: string) => `arn:aws:ec2:us-east-1:123456789012:${resource}`;
  const records = {
    tags: async (id: string) => ({ of: id }),
    keyPair: async (name: string) => ({ of: name }),
    roleOf: async (profile: string) => role(profile),
  };
  const needs = (action: string, form: Record<string, string>) => ec2Permissions(action, form, records);

  it("RunInstances: what it makes, what that refers to, to tag it, and to hand on its role", async () => {
    const form = {
      ImageId: "ami-1",
      SubnetId: "subnet-1",
      "SecurityGroupId.1": "sg-1",
      KeyName: "key",
      "IamInstanceProfile.Name": "host",
      "TagSpecification.1.ResourceType": "instance",
      "TagSpecification.1.Tag.1.Key": "stack",
      "TagSpecification.1.Tag.1.Value": "test",
    };
    const needed = await needs("RunInstances", form);
    expect(pairs(needed)).to.have.deep.members([
      ["ec2:RunInstances", arn("subnet/subnet-1")],
      ["ec2:RunInstances", arn("security-group/sg-1")],
      ["ec2:RunInstances", arn("instance/*")],
      ["ec2:CreateTags", arn("instance/*")],
      ["ec2:RunInstances", arn("network-interface/*")],
      ["ec2:RunInstances", arn("volume/*")],
      ["ec2:RunInstances", arn("key-pair/key")],
      ["ec2:RunInstances", "arn:aws:ec2:us-east-1::image/ami-1"],
      ["iam:PassRole", role("host")],
    ]);
    expect(contextOf(needed, "ec2:CreateTags")).to.deep.equal({
      "aws:RequestTag/stack": "test",
      "aws:TagKeys": ["stack"],
      "ec2:CreateAction": "RunInstances",
    });
  });

  it("changes: the resource with the tags that it has", async () => {
    expect(await needs("TerminateInstances", { "InstanceId.1": "i-1", "InstanceId.2": "i-2" })).to.deep.equal(
      ["i-1", "i-2"].map((id) => ({
        action: "ec2:TerminateInstances",
        resource: arn(`instance/${id}`),
        context: { "aws:ResourceTag/of": id },
      })),
    );
    const tagging = { "ResourceId.1": "sgr-1", "Tag.1.Key": "stack", "Tag.1.Value": "test" };
    expect(await needs("CreateTags", tagging)).to.deep.equal([
      {
        action: "ec2:CreateTags",
        resource: arn("security-group-rule/sgr-1"),
        context: { "aws:RequestTag/stack": "test", "aws:TagKeys": ["stack"], "aws:ResourceTag/of": "sgr-1" },
      },
    ]);
  });

  it("looks, and calls that are not known: all resources", async () => {
    for (const action of ["DescribeInstances", "DeleteVpc"]) {
      expect(pairs(await needs(action, { VpcId: "vpc-1" }))).to.deep.equal([[`ec2:${action}`, "*"]]);
    }
  });
});
