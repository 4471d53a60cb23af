/** What the sandbox takes calls to need, held to AWS's Service Authorization Reference. */
import { expect } from "chai";
import { lookUpRights, resourceRights } from "../../../../components/iam/deployment-rights";
import { ec2Permissions, references } from "../../../../sandbox/aws/iam/ec2-permissions";
import { ecsPermissions } from "../../../../sandbox/aws/iam/ecs-permissions";
import type { Permission } from "../../../../sandbox/aws/iam/evaluate";
import { permissionsOf } from "../../../../sandbox/aws/iam/permissions";
import { actions, s3Permissions } from "../../../../sandbox/aws/iam/s3-permissions";
import { checkStatements } from "../../../program/support/iam-reference";

const cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/jobs";
const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;

/** A permission as the statement that would allow it and nothing else. */
const problems = (permissions: readonly Permission[]) =>
  checkStatements(
    permissions.map(({ action, resource, context }) => ({
      Sid: "Call",
      Effect: "Allow",
      Action: [action],
      Resource: resource,
      Condition: { StringEquals: Object.fromEntries(Object.keys(context).map((key) => [key, ""])) },
    })),
  );

/** Operations of a service that the policies of previews and deployments allow. */
const operations = (service: string): string[] => {
  const rights = [...Object.values(lookUpRights), ...Object.values(resourceRights).flatMap(Object.values)];
  const allowed = rights.flatMap((one) => Object.values(one as Record<string, readonly string[]>).flat());
  const names = allowed.filter((action) => action.startsWith(`${service}:`)).map((action) => action.split(":")[1]);
  return [...new Set(names)].sort();
};

describe("IAM: the tables of calls have AWS's actions, resources and condition keys:", () => {
  describe("EC2's", () => {
    const records = {
      tags: async (id: string) => ({ of: id }),
      keyPair: async (name: string) => ({ of: name }),
      roleOf: async (profile: string) => role(profile),
    };
    const ids: Record<string, string> = {
      AllocationId: "eipalloc-1",
      AssociationId: "eipassoc-1",
      GroupId: "sg-1",
      "InstanceId.1": "i-1",
      NetworkInterfaceId: "eni-1",
      "ResourceId.1": "i-1",
      "SecurityGroupId.1": "sg-1",
      "SecurityGroupRule.1.SecurityGroupRuleId": "sgr-1",
      SubnetId: "subnet-1",
      VpcId: "vpc-1",
      "Tag.1.Key": "k",
    };
    const key = "arn:aws:kms:us-east-1:123456789012:key/1";
    const more: Record<string, Record<string, string>> = {
      RunInstances: {
        ImageId: "ami-1",
        KeyName: "key",
        "BlockDeviceMapping.1.Ebs.KmsKeyId": key,
        "IamInstanceProfile.Name": "host",
      },
      ImportKeyPair: { KeyName: "key" },
      DeleteKeyPair: { KeyName: "key" },
    };
    const types = ["instance", "network-interface", "volume", "security-group", "security-group-rule", "key-pair"];
    const tags = Object.fromEntries(
      [...types, "elastic-ip"].flatMap((type, index) => [
        [`TagSpecification.${index + 1}.ResourceType`, type],
        [`TagSpecification.${index + 1}.Tag.1.Key`, "k"],
      ]),
    );
    for (const name of [...new Set([...Object.keys(references), "CreateTags", "DeleteTags", ...operations("ec2")])]) {
      it(name, async () => {
        const needed = await ec2Permissions(name, { ...ids, ...tags, ...more[name] }, records);
        expect(await problems(needed)).to.deep.equal([]);
      });
    }
  });

  it("ECS's", async () => {
    const tags = [{ key: "k", value: "v" }];
    const definition = {
      taskDefinitionArn: "arn:aws:ecs:us-east-1:123456789012:task-definition/ci:7",
      family: "ci",
      revision: 7,
      taskRoleArn: role("task"),
      executionRoleArn: role("execution"),
      containerDefinitions: [],
    };
    const inCluster = /^(RunTask|StopTask|DescribeTasks|ListTasks|DeleteCluster|UpdateCluster|PutCluster.*)$/;
    const body = { clusterName: "jobs", clusters: [cluster], family: "ci", task: "t", tasks: ["t"], tags };
    const all = ["RunTask", "StopTask", "DescribeTasks", "ListTasks", ...operations("ecs")].flatMap((name) =>
      ecsPermissions(
        name,
        { ...body, ...(inCluster.test(name) && { cluster }), taskDefinition: "ci", resourceArn: cluster },
        definition,
      ),
    );
    expect(all.length).to.be.greaterThan(15);
    expect(await problems(all)).to.deep.equal([]);
  });

  it("S3's", async () => {
    const all = Object.keys(actions).flatMap((operation) => {
      const [method, what, ...subresources] = operation.split(" ");
      const path = what === "bucket" ? "/cache" : "/cache/key";
      return s3Permissions(method, `${path}?${subresources.map((name) => `${name}=`).join("&")}`).needed;
    });
    expect(all.length).to.be.greaterThan(20);
    expect(await problems(all)).to.deep.equal([]);
  });

  const bodies: Record<string, Record<string, unknown>> = {
    cloudwatch: { AlarmName: "alarm", Namespace: "jobs", Tags: [] },
    ecr: { repositoryName: "job", tags: [] },
    iam: { RoleName: "host", PermissionsBoundary: role("b"), AWSServiceName: "ecs.amazonaws.com" },
    logs: { logGroupName: "jobs", tags: {} },
    servicequotas: { ServiceCode: "fargate", QuotaCode: "L-1" },
    sns: { Name: "topic", Tags: [] },
    ssm: { Name: "/aws/service/ami" },
    sts: {},
  };
  const others: Record<string, Record<string, unknown>> = {
    DeleteDashboards: { DashboardNames: ["d"] },
    GetDashboard: { DashboardName: "d" },
    PutDashboard: { DashboardName: "d" },
    AddRoleToInstanceProfile: { RoleName: "host", InstanceProfileName: "host" },
  };
  for (const [service, body] of Object.entries(bodies)) {
    it(service, async () => {
      const names = operations(service).filter((name) => name !== "PassRole");
      const bodyOf = (name: string) =>
        others[name] ?? (/InstanceProfile$/.test(name) ? { InstanceProfileName: "host" } : body);
      const all = names.flatMap((name) => permissionsOf(service, name, bodyOf(name)));
      expect(await problems(all)).to.deep.equal([]);
    });
  }
});
