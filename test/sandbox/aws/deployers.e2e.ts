/**
 * Each type of resource of the stack, made, read, changed and deleted with the policies that `npm run policies` writes: a
 * deployer's are enough, and a previewer's are for reading only.
 */
import { expect } from "chai";
import { tlsOnly } from "../../../components/iam/documents";
import { accountId, region } from "../../../sandbox/config";
import { awsPackage } from "../../../sandbox/providers/aws";
import type { Context } from "../../../sandbox/providers/framework/definition";
import type { Props } from "../../../sandbox/providers/framework/values";
import { prepareArtifacts } from "../../../sandbox/setup";
import { policyFiles } from "../../../scripts/policies";
import { scratch } from "../../support/scratch";
import { startGatedMoto } from "./gated-moto";

const tags = { "gitlab-fargate-runners:stack": "test" };
const named = (name: string) => `gitlab-runners-${name}1a2b3c4`;
const policy = (Principal?: object, Action = "sts:AssumeRole") =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action, ...(Principal ? { Principal } : { Resource: "*" }) }],
  });
const trust = policy({ Service: "ec2.amazonaws.com" });
const selection = { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 100 };
const lastImages = JSON.stringify({ rules: [{ rulePriority: 1, selection, action: { type: "expire" } }] });
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE/7Tz6HXB3maHajWN49nNU1D3kHV+wH1w/c5jKHtuWA sandbox";

type Made = Record<string, Props & { id: string }>;

/** By type: the inputs, of what was made before; in the order in which the program makes them. */
const inputsOf: Record<string, (made: Made, network: { vpcId: string; subnetId: string; ami: string }) => object> = {
  "aws:ecs/cluster:Cluster": () => ({ name: named(""), tags }),
  "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": () => ({
    clusterName: named(""),
    capacityProviders: ["FARGATE"],
  }),
  "aws:cloudwatch/logGroup:LogGroup": () => ({ name: named(""), retentionInDays: 7, tags }),
  "aws:iam/role:Role": () => ({ name: named("host-"), assumeRolePolicy: trust, tags }),
  "aws:iam/rolePolicy:RolePolicy": () => ({
    name: named("host-"),
    role: named("host-"),
    policy: policy(undefined, "ecs:RunTask"),
  }),
  "aws:iam/instanceProfile:InstanceProfile": () => ({ name: named("host-"), role: named("host-"), tags }),
  "aws:ecs/taskDefinition:TaskDefinition": () => ({
    family: "gitlab-fargate-runners-test_default",
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    cpu: "256",
    memory: "512",
    executionRoleArn: `arn:aws:iam::${accountId}:role/${named("execution-")}`,
    containerDefinitions: JSON.stringify([{ name: "job", image: "job", essential: true }]),
    tags,
  }),
  "aws:ec2/securityGroup:SecurityGroup": (_, { vpcId }) => ({
    name: named("host-"),
    description: "hosts",
    vpcId,
    tags,
  }),
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (made) => ({
    securityGroupId: made["aws:ec2/securityGroup:SecurityGroup"].id,
    ipProtocol: "tcp",
    fromPort: 22,
    toPort: 22,
    cidrIpv4: "172.31.0.0/16",
    tags,
  }),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": (made) => ({
    securityGroupId: made["aws:ec2/securityGroup:SecurityGroup"].id,
    ipProtocol: "-1",
    cidrIpv4: "0.0.0.0/0",
    tags,
  }),
  "aws:ec2/keyPair:KeyPair": () => ({ keyName: named("host-"), publicKey, tags }),
  "aws:ec2/instance:Instance": (made, { subnetId, ami }) => ({
    ami,
    instanceType: "t3.small",
    subnetId,
    vpcSecurityGroupIds: [made["aws:ec2/securityGroup:SecurityGroup"].id],
    iamInstanceProfile: named("host-"),
    keyName: named("host-"),
    tags,
  }),
  "aws:ec2/eip:Eip": () => ({ domain: "vpc", tags }),
  "aws:ec2/eipAssociation:EipAssociation": (made) => ({
    allocationId: made["aws:ec2/eip:Eip"].id,
    instanceId: made["aws:ec2/instance:Instance"].id,
  }),
  "aws:s3/bucket:Bucket": () => ({ bucket: named("cache-"), forceDestroy: true, tags }),
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": () => ({ bucket: named("cache-"), blockPublicAcls: true }),
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": () => ({
    bucket: named("cache-"),
    rule: { objectOwnership: "BucketOwnerEnforced" },
  }),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": () => ({
    bucket: named("cache-"),
    rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
  }),
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": () => ({
    bucket: named("cache-"),
    rules: [{ id: "expire", status: "Enabled", filter: { prefix: "" }, expiration: { days: 7 } }],
  }),
  "aws:s3/bucketPolicy:BucketPolicy": () => ({
    bucket: named("cache-"),
    policy: tlsOnly(`arn:aws:s3:::${named("cache-")}`),
  }),
  "aws:sns/topic:Topic": () => ({ name: named("alarms-"), tags }),
  "aws:sns/topicSubscription:TopicSubscription": (made) => ({
    topic: made["aws:sns/topic:Topic"].id,
    protocol: "email",
    endpoint: "ci@example.com",
  }),
  "aws:cloudwatch/metricAlarm:MetricAlarm": () => ({
    name: named("alarms-disk-"),
    comparisonOperator: "GreaterThanThreshold",
    evaluationPeriods: 1,
    metricName: "Disk",
    namespace: "test",
    period: 60,
    statistic: "Maximum",
    threshold: 90,
    tags,
  }),
  "aws:cloudwatch/dashboard:Dashboard": () => ({
    dashboardName: "gitlab-fargate-runners-test",
    dashboardBody: '{"widgets":[]}',
  }),
  "aws:ecr/repository:Repository": () => ({ name: named("job-"), imageTagMutability: "MUTABLE", tags }),
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": () => ({ repository: named("job-"), policy: lastImages }),
};

const log = { info() {}, warn() {}, status() {} } as unknown as Context["log"];
const context = (config: Props): Context => ({
  config,
  log,
  signal: new AbortController().signal,
  environment: () => process.env,
  urn: "urn",
  name: "name",
});

describe("the policies of previews and deployments, on each type of resource", () => {
  const folder = scratch();
  const made: Made = {};
  let aws: Awaited<ReturnType<typeof startGatedMoto>>;
  let provider: ReturnType<typeof awsPackage>;
  let deployer: Context;
  let previewer: Context;
  before(async () => {
    const { motoPython } = await prepareArtifacts({ onProgress: () => {} });
    aws = await startGatedMoto(motoPython, folder.dir);
    provider = awsPackage({ endpoint: aws.endpoint });
    const documents = policyFiles({ region, account: accountId, stack: "test" });
    deployer = context(await aws.actingAs("deployer", documents));
    previewer = context(await aws.actingAs("previewer", { preview: documents["preview.json"] }));
  });
  after(async () => {
    await aws.close();
    folder.remove();
  });

  /** What a call fails with; empty where it passes. */
  const failure = (work: Promise<unknown> | undefined): Promise<string> =>
    (work ?? Promise.resolve()).then(
      () => "",
      (error: Error) => [error.name, error.message].join(": "),
    );
  /** Of each resource that was made. */
  const each = async (act: (type: string, id: string, state: Props) => Promise<unknown> | undefined) => {
    const failures: Record<string, string> = {};
    for (const [type, { id, ...state }] of Object.entries(made)) {
      const said = await failure(act(type, id, state as Props));
      if (said) failures[type] = said;
    }
    return failures;
  };
  const retagged = (state: Props): Props => (state.tags ? { ...state, tags: { ...tags, changed: "yes" } } : state);

  it("let a deployer make everything that there is a stand-in for", async () => {
    const call = (token: string, args: Props) => provider.functions[token](args, previewer) as Promise<Props>;
    const { id: vpcId } = await call("aws:ec2/getVpc:getVpc", { default: true });
    const { ids } = await call("aws:ec2/getSubnets:getSubnets", { filters: [{ name: "vpc-id", values: [vpcId] }] });
    const parameter = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
    const { value } = await call("aws:ssm/getParameter:getParameter", { name: parameter });
    await call("aws:iam/getRole:getRole", { name: "AWSServiceRoleForECS" });
    const network = { vpcId: String(vpcId), subnetId: (ids as string[])[0], ami: String(value) };
    for (const [type, inputs] of Object.entries(inputsOf)) {
      const { id, outputs } = await provider.resources[type]
        .create(inputs(made, network) as Props, deployer)
        .catch((error: Error) => expect.fail(`${type}: ${error.message}`));
      made[type] = { ...outputs, id };
    }
    expect(Object.keys(inputsOf)).to.have.members(Object.keys(provider.resources));
  });

  it("let a previewer read all of it, and change nothing", async () => {
    expect(await each((type, id, state) => provider.resources[type].read?.(id, state, previewer))).to.deep.equal({});
    const refused = await each((type, id, state) => provider.resources[type].delete(id, state, previewer));
    expect(Object.keys(refused)).to.have.members(Object.keys(made));
    for (const [type, said] of Object.entries(refused)) {
      expect(said, type).to.match(/not authorized to perform|AccessDenied|403/);
    }
  });

  it("let a deployer change and delete it", async () => {
    const update = (type: string, id: string, state: Props) =>
      provider.resources[type].update?.(id, state, retagged(state), deployer);
    expect(await each(update)).to.deep.equal({});
    for (const [type, { id, ...state }] of Object.entries(made).reverse()) {
      expect(await failure(provider.resources[type].delete(id, state as Props, deployer)), type).to.equal("");
    }
  });

  it("let a deployer touch no instance of somebody else", async () => {
    const administrator = context({ region });
    const type = "aws:ec2/securityGroup:SecurityGroup";
    const { id: vpcId } = await provider.functions["aws:ec2/getVpc:getVpc"]({ default: true }, administrator);
    const others = { name: "other", description: "other", vpcId, tags: { "gitlab-fargate-runners:stack": "prod" } };
    const { id, outputs } = await provider.resources[type].create(others as Props, administrator);
    expect(await failure(provider.resources[type].delete(id, outputs, deployer))).to.match(/not authorized to perform/);
  });
});
