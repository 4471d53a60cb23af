import { expect } from "chai";
import { clusterArn } from "./support/aws";
import { ofType, only, plain, type Deployment } from "./support/deploy";
import { command, run, runner } from "./support/program";
import { raw } from "./support/settings";

describe("the program", () => {
  let base: Deployment;
  before(async () => (base = await run()));

  it("registers these resources and no others", () => {
    expect(base.errors).to.deep.equal([]);
    const counts: Record<string, number> = {};
    for (const { type } of base.resources) counts[type] = (counts[type] ?? 0) + 1;
    const own = (name: string) => `gitlab-fargate-runners:index:${name}`;
    expect(counts).to.deep.equal({
      [own("FargateRunners")]: 1,
      [own("JobImage")]: 1,
      [own("JobCluster")]: 1,
      [own("BuildCache")]: 1,
      [own("RunnerTokens")]: 1,
      [own("RunnerHost")]: 1,
      [own("HostSetup")]: 1,
      [own("Observability")]: 1,
      [own("HostMonitor")]: 1,
      "awsx:ecr:Repository": 1,
      "awsx:ecr:Image": 1,
      "aws:ecs/cluster:Cluster": 1,
      "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": 1,
      "aws:ecs/taskDefinition:TaskDefinition": 1,
      // Of tasks and of runners.
      "aws:cloudwatch/logGroup:LogGroup": 2,
      // Execution, task, host; the task's has no policy.
      "aws:iam/role:Role": 3,
      "aws:iam/rolePolicy:RolePolicy": 2,
      "aws:iam/instanceProfile:InstanceProfile": 1,
      "aws:ec2/securityGroup:SecurityGroup": 2,
      "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 2,
      "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": 4,
      "aws:ec2/keyPair:KeyPair": 1,
      "aws:ec2/eip:Eip": 1,
      "aws:ec2/eipAssociation:EipAssociation": 1,
      "aws:ec2/instance:Instance": 1,
      "aws:s3/bucket:Bucket": 1,
      "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
      "aws:s3/bucketOwnershipControls:BucketOwnershipControls": 1,
      "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": 1,
      "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": 1,
      "aws:s3/bucketPolicy:BucketPolicy": 1,
      [runner]: 1,
      // Sources of the driver and of the monitor.
      "command:remote:CopyToRemote": 2,
      // folders, runner, go, driver, config-toml, fargate-toml, service, reap; monitor-folder, monitor, log, report
      [command]: 12,
      // drain
      "command:local:Command": 1,
    });
  });

  it("protects what holds state where told so, and nothing otherwise", async () => {
    expect(base.resources.filter(({ protect }) => protect)).to.deep.equal([]);
    const deployment = await run(raw({ protect: true }));
    const names = deployment.resources.filter(({ protect }) => protect).map(({ type, name }) => `${type} ${name}`);
    expect(names).to.have.members([
      "aws:s3/bucket:Bucket gitlab-runners-cache",
      "awsx:ecr:Repository gitlab-runners-job",
      "aws:cloudwatch/logGroup:LogGroup gitlab-runners",
      "aws:cloudwatch/logGroup:LogGroup gitlab-runners-runner",
    ]);
    expect(plain(only(deployment, "aws:s3/bucket:Bucket").inputs).forceDestroy).to.equal(false);
    expect(plain(only(deployment, "awsx:ecr:Repository").inputs).forceDelete).to.equal(false);
    expect(plain(only(base, "aws:s3/bucket:Bucket").inputs).forceDestroy).to.equal(true);
  });

  it("bounds all three roles by the policy that the settings name, and none without", async () => {
    const permissionsBoundary = "arn:aws:iam::123456789012:policy/boundary";
    const boundaries = (deployment: Deployment) =>
      ofType(deployment, "aws:iam/role:Role").map(({ inputs }) => inputs.permissionsBoundary);
    expect(boundaries(await run(raw({ permissionsBoundary })))).to.deep.equal(Array(3).fill(permissionsBoundary));
    expect(boundaries(base)).to.deep.equal(Array(3).fill(undefined));
  });

  it("registers all that it tells as its outputs", async () => {
    const deployment = await run(raw({ alarms: {}, dashboard: true }));
    const { urn } = only(deployment, "gitlab-fargate-runners:index:FargateRunners");
    expect(deployment.outputs[urn]).to.deep.equal({
      hosts: [{ id: "gitlab-runners-host-id", privateAddress: "172.31.0.10", publicAddress: "198.51.100.10" }],
      cluster: "gitlab-runners-1a2b3c4",
      clusterArn: clusterArn("gitlab-runners-1a2b3c4"),
      image: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/gitlab-runners-job@sha256:${"e".repeat(64)}`,
      runners: { "group/acme/backend": "gitlab-runners-group/acme/backend-id" },
      cacheBucket: "gitlab-runners-cache-1a2b3c4",
      driver: "bundled",
      logs: { tasks: "gitlab-runners-1a2b3c4", runners: "gitlab-runners-runner-1a2b3c4" },
      dashboard: "gitlab-fargate-runners-test",
      alarmTopic: "arn:aws:sns:eu-central-1:123456789012:gitlab-runners-alarms",
    });
  });

  it("gives every resource a name of its own", () => {
    const urns = base.resources.map(({ urn }) => urn);
    expect(new Set(urns).size).to.equal(urns.length);
  });

  it("puts the stack's tags on all that takes some", async () => {
    const deployment = await run(raw({ tags: { team: "ci" } }), { stack: "prod" });
    const tagged = deployment.resources.filter(({ inputs }) => inputs.tags !== undefined);
    expect(tagged.length).to.be.greaterThan(14);
    for (const { inputs } of tagged) {
      expect(inputs.tags).to.deep.include({ team: "ci", "gitlab-fargate-runners:stack": "prod" });
    }
  });
});
