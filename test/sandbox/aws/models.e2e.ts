/** Requests that AWS would refuse, at the front before moto: refused with the service's own code, in its protocol. */
import { CloudWatchClient, PutDashboardCommand, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeInstancesCommand, DescribeSubnetsCommand, StopInstancesCommand } from "@aws-sdk/client-ec2";
import {
  CreateBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { region } from "../../../sandbox/config";
import { prepareArtifacts } from "../../../sandbox/setup";
import { scratch } from "../../support/scratch";
import { startGatedMoto } from "./gated-moto";

type Input = Record<string, unknown>;

describe("requests that AWS would refuse", () => {
  const folder = scratch();
  let aws: Awaited<ReturnType<typeof startGatedMoto>>;
  let cloudwatch: CloudWatchClient;
  let s3: S3Client;
  /** What of ECS's calls came as far as to the part that plays tasks. */
  let played: string[];

  before(async () => {
    const { motoPython } = await prepareArtifacts({ onProgress: () => {} });
    aws = await startGatedMoto(motoPython, folder.dir, {
      async ecs(action) {
        played.push(action);
        return {};
      },
    });
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const settings = { endpoint: aws.endpoint, region, credentials, maxAttempts: 1 };
    cloudwatch = new CloudWatchClient(settings);
    s3 = new S3Client({ ...settings, forcePathStyle: true });
  });
  beforeEach(() => (played = []));
  after(async () => {
    cloudwatch.destroy();
    s3.destroy();
    await aws.close();
    folder.remove();
  });

  const post = async (service: string, headers: Record<string, string>, body: string) => {
    const authorization = `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request`;
    const answer = await fetch(aws.endpoint, { method: "POST", headers: { ...headers, authorization }, body });
    return { ok: answer.ok, text: await answer.text() };
  };
  /** A service that speaks JSON. Its calls resolve to "Code: message", and to nothing where they pass. */
  const json = (service: string, prefix: string) => async (operation: string, input: Input) => {
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `${prefix}.${operation}` };
    const { ok, text } = await post(service, headers, JSON.stringify(input));
    if (ok) return "";
    const { __type, message, Message = message } = JSON.parse(text) as Record<string, string>;
    return `${__type}: ${Message}`;
  };
  /** One that takes forms and answers in XML. */
  const form = (service: string, version: string) => async (Action: string, input: Record<string, string>) => {
    const body = new URLSearchParams({ Action, Version: version, ...input }).toString();
    const { ok, text } = await post(service, { "content-type": "application/x-www-form-urlencoded" }, body);
    const part = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
    return ok ? "" : `${part("Code")}: ${part("Message")}`;
  };
  /** A call of an SDK, whose errors are read by the SDK. */
  const sent = (work: Promise<unknown>) =>
    work.then(
      () => "",
      (error: Error) => `${error.name}: ${error.message}`,
    );

  const [ecr, ecs] = [
    json("ecr", "AmazonEC2ContainerRegistry_V20150921"),
    json("ecs", "AmazonEC2ContainerServiceV20141113"),
  ];
  const [logs, quotas] = [json("logs", "Logs_20140328"), json("servicequotas", "ServiceQuotasV20190624")];
  const [ec2, iam] = [form("ec2", "2016-11-15"), form("iam", "2010-05-08")];
  const [sns, sts] = [form("sns", "2010-03-31"), form("sts", "2011-06-15")];

  const group = (input: Record<string, string>) =>
    ec2("CreateSecurityGroup", { GroupName: "g", GroupDescription: "d", ...input });
  const tagged = (GroupName: string, key: string, count = 1) => {
    const tags = Array.from({ length: count }, (_, index) => [
      [`TagSpecification.1.Tag.${index + 1}.Key`, key + (index || "")],
      [`TagSpecification.1.Tag.${index + 1}.Value`, "v"],
    ]);
    const type = { "TagSpecification.1.ResourceType": "security-group" };
    return group({ GroupName, ...type, ...(Object.fromEntries(tags.flat()) as Record<string, string>) });
  };

  it("are those with characters and lengths that EC2's documents do not list", async () => {
    const apostrophe = await group({ GroupDescription: "SSH from the runner's host" });
    expect(apostrophe).to.match(/^InvalidParameterValue: Value .* for parameter Description is invalid/);
    expect(await group({ GroupDescription: "x".repeat(256) })).to.match(/^InvalidParameterValue: .*Up to 255/);
    expect(await group({ GroupName: "sg-1" })).to.match(/^InvalidParameterValue: .*start with sg-/);
    expect(await ec2("CreateSecurityGroup", { GroupName: "g" })).to.match(/^MissingParameter: .*Description/);
    expect(await group({})).to.equal("");
    const range = { "IpPermissions.1.IpRanges.1.CidrIp": "10.0.0.0/8", "IpPermissions.1.IpProtocol": "-1" };
    const rule = { GroupName: "g", ...range, "IpPermissions.1.IpRanges.1.Description": "a — b" };
    expect(await ec2("AuthorizeSecurityGroupIngress", rule)).to.match(/^InvalidParameterValue: .*Description is inv/);
    const changed = { GroupId: "sg-1", "SecurityGroupRule.1.SecurityGroupRuleId": "sgr-1" };
    const text = { "SecurityGroupRule.1.SecurityGroupRule.Description": "host's" };
    expect(await ec2("ModifySecurityGroupRules", { ...changed, ...text })).to.match(/^InvalidParameterValue: .*Descri/);
  });

  it("are EC2's with values that it does not know, and with what is missing", async () => {
    const run = (input: Record<string, string>) => ec2("RunInstances", { MaxCount: "1", ...input });
    expect(await run({ InstanceType: "t3.smal", MinCount: "1" })).to.match(/^InvalidParameterValue: .*t3\.smal/);
    expect(await run({ InstanceType: "t3.small" })).to.match(/^MissingParameter: .*MinCount/);
  });

  it("are those with tags that the service does not take", async () => {
    const cluster = (key: string, value = "v") => ecs("CreateCluster", { clusterName: "c", tags: [{ key, value }] });
    expect(await cluster("k%")).to.match(/^InvalidParameterException: .*'k%' at 'tags\.1\.key' failed to satisfy/);
    expect(await cluster("k".repeat(129))).to.match(/^InvalidParameterException: .*less than or equal to 128/);
    expect(await cluster("k", "v".repeat(257))).to.match(/^InvalidParameterException: .*less than or equal to 256/);
    expect(await cluster("AWS:k")).to.match(/^InvalidParameterException: .*reserved for internal use/);
    const topic = { Name: "t", "Tags.member.1.Key": "k%", "Tags.member.1.Value": "v" };
    expect(await sns("CreateTopic", topic)).to.match(/^ValidationError: .*Tags must satisfy/);
    const repository = { repositoryName: "job", tags: [{ Key: "k%", Value: "v" }] };
    expect(await ecr("CreateRepository", repository)).to.match(/^InvalidParameterException: .*Tags must satisfy/);
    // EC2 alone takes all characters, but no more tags than the others.
    expect(await tagged("g1", "k%")).to.equal("");
    expect(await tagged("g2", "aws:k")).to.match(/^InvalidParameterValue: .*reserved/);
    expect(await tagged("g3", "k", 51)).to.match(/^InvalidParameterValue: .*number of tags/);
  });

  it("are IAM's with a name that is too long, and with keys that differ in case alone", async () => {
    const role = (RoleName: string, input: Record<string, string> = {}) =>
      iam("CreateRole", { RoleName, AssumeRolePolicyDocument: "{}", ...input });
    expect(await role("r".repeat(65))).to.match(/^ValidationError: 1 validation error .*'roleName'.*equal to 64/);
    const keys = { "Tags.member.1.Key": "team", "Tags.member.2.Key": "Team" };
    const values = { "Tags.member.1.Value": "v", "Tags.member.2.Value": "v" };
    expect(await role("r", { ...keys, ...values })).to.match(/^ValidationError: .*Duplicate tag keys/);
    const session = { RoleArn: "arn:aws:iam::123456789012:role/r", RoleSessionName: "a b" };
    expect(await sts("AssumeRole", session)).to.match(/^ValidationError: .*'roleSessionName'/);
  });

  it("are those that name a role which is not there", async () => {
    const trusting = (arn: string) =>
      JSON.stringify({ Statement: { Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: [arn] } } });
    const role = (RoleName: string, AssumeRolePolicyDocument: string) =>
      iam("CreateRole", { RoleName, AssumeRolePolicyDocument });
    const arn = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
    const none = `Invalid principal in policy: "AWS":"${arn("none")}"`;
    expect(await role("taker", trusting(arn("none")))).to.equal(`MalformedPolicyDocument: ${none}`);
    expect(await role("taker", trusting("arn:aws:iam::123456789012:root"))).to.equal("");
    expect(await role("taken", trusting(arn("taker")))).to.equal("");
    const PolicyDocument = trusting(arn("none"));
    expect(await iam("UpdateAssumeRolePolicy", { RoleName: "taken", PolicyDocument })).to.contain(none);
    const Statement = {
      Effect: "Deny",
      Action: "s3:*",
      Resource: "arn:aws:s3:::bucket",
      Principal: { AWS: arn("none") },
    };
    const policy = new PutBucketPolicyCommand({ Bucket: "bucket", Policy: JSON.stringify({ Statement }) });
    expect(await sent(s3.send(policy))).to.match(/^MalformedPolicy: Invalid principal/);
    policy.input.Policy = JSON.stringify({ Statement: { Effect: "Deny", Action: "s3:*", Principal: "*" } });
    expect(await sent(s3.send(policy))).to.match(/^MalformedPolicy: Missing required field Resource/);
    const definition = { family: "f", containerDefinitions: [], executionRoleArn: "arn:aws:ecs:us-east-1:1:cluster/c" };
    expect(await ecs("RegisterTaskDefinition", definition)).to.match(/'executionRoleArn'.*role's ARN/);
  });

  it("are EC2's for an instance type that the subnet's zone does not have", async () => {
    const { Subnets = [] } = await aws.moto.ec2.send(new DescribeSubnetsCommand({}));
    const subnet = (zone: string) => Subnets.find(({ AvailabilityZone }) => AvailabilityZone === zone)!.SubnetId!;
    const launch = { MinCount: "1", MaxCount: "1", InstanceType: "t3.small" };
    const run = (zone: string) => ec2("RunInstances", { ...launch, SubnetId: subnet(zone) });
    expect(await run("us-east-1e")).to.match(
      /^Unsupported: .*type \(t3\.small\) is not supported in your requested Availability Zone \(us-east-1e\).*1d, us-east-1f\.$/,
    );
    expect(await run("us-east-1a")).to.equal("");
    const SubnetId = { "NetworkInterface.1.DeviceIndex": "0", "NetworkInterface.1.SubnetId": subnet("us-east-1e") };
    expect(await ec2("RunInstances", { ...launch, ...SubnetId })).to.match(/^Unsupported: /);
    // Where it is, a type that is changed is only tried by the next start.
    const { Reservations = [] } = await aws.moto.ec2.send(new DescribeInstancesCommand({}));
    const InstanceId = Reservations[0]!.Instances![0]!.InstanceId!;
    await aws.moto.ec2.send(new StopInstancesCommand({ InstanceIds: [InstanceId] }));
    const type = { "InstanceType.Value": "p4de.24xlarge" };
    expect(await ec2("ModifyInstanceAttribute", { InstanceId, ...type })).to.equal("");
    expect(await ec2("StartInstances", { "InstanceId.1": InstanceId })).to.match(/^Unsupported: .*p4de/);
  });

  it("are CloudWatch's, whose SDK speaks CBOR, and those of its logs", async () => {
    const dashboard = (DashboardName: string) =>
      sent(cloudwatch.send(new PutDashboardCommand({ DashboardName, DashboardBody: '{"widgets":[]}' })));
    expect(await dashboard("runners-dev.eu")).to.match(/^ValidationException: .*'runners-dev\.eu' at 'dashboardName'/);
    expect(await dashboard("runners-dev_eu")).to.equal("");
    const given = { AlarmName: "a", EvaluationPeriods: 1, MetricName: "Disk", Namespace: "test", Threshold: 90.5 };
    const alarm = (input: Input) =>
      cloudwatch.send(
        new PutMetricAlarmCommand({
          ...given,
          ComparisonOperator: "GreaterThanThreshold",
          Period: 60,
          Statistic: "Maximum",
          ...input,
        }),
      );
    expect(await sent(alarm({ Period: 5 }))).to.match(/^ValidationException: .*multiple of 60/);
    expect(await sent(alarm({ Statistic: "Max" }))).to.match(/^ValidationException: .*enum value set: \[SampleCount/);
    expect(await sent(alarm({ EvaluationPeriods: 0 }))).to.match(/^ValidationException: .*greater than or equal to 1/);
    expect(await sent(alarm({}))).to.equal("");
    const { Error: told } = await alarm({ Period: 5 }).catch((error) => error);
    expect(told).to.deep.include({ Code: "ValidationError" });

    const named = await logs("CreateLogGroup", { logGroupName: "a b" });
    expect(named).to.match(/^InvalidParameterException: .*'a b' at 'logGroupName'/);
    expect(await logs("CreateLogGroup", { logGroupName: "a" })).to.equal("");
    const keep = (retentionInDays: number) => logs("PutRetentionPolicy", { logGroupName: "a", retentionInDays });
    expect(await keep(31)).to.match(/^InvalidParameterException: .*one of \(1, 3, 5, 7, 14, 30/);
    expect(await keep(30)).to.equal("");
  });

  it("are those of S3, SNS and ECR", async () => {
    const bucket = await sent(s3.send(new CreateBucketCommand({ Bucket: "Upper" })));
    expect(bucket).to.match(/^InvalidArgument: .*lowercase letters/);
    const Rules = [{ ID: "r", Status: "On" as "Enabled", Filter: { Prefix: "" }, Expiration: { Days: 1 } }];
    const lifecycle = { Bucket: "bucket", LifecycleConfiguration: { Rules } };
    const rules = await sent(s3.send(new PutBucketLifecycleConfigurationCommand(lifecycle)));
    expect(rules).to.match(/^InvalidArgument: .*enum value set: \[Enabled, Disabled\]/);
    expect(await sns("Subscribe", { Protocol: "email" })).to.match(/^ValidationError: .*null at 'topicArn'/);
    const upper = await ecr("CreateRepository", { repositoryName: "Upper" });
    expect(upper).to.match(/^InvalidParameterException: .*'repositoryName'/);
  });

  it("come to none of the parts that answer in moto's place", async () => {
    const runTask = (input: Input) => ecs("RunTask", { taskDefinition: "family", ...input });
    const refused: [Input, RegExp][] = [
      [{ launchType: "FARGAT" }, /'launchType'.*enum value set/],
      [{ taskDefinition: undefined }, /null at 'taskDefinition'/],
      [{ tags: [{ key: "k", value: "<v>" }] }, /'<v>' at 'tags\.1\.value'/],
      ...[0, 11].map((count): [Input, RegExp] => [{ count }, /'count'/]),
      ...["x".repeat(65), "", "a b", "ä"].map((clientToken): [Input, RegExp] => [{ clientToken }, /'clientToken'/]),
      ...["a b", "x".repeat(129)].map((startedBy): [Input, RegExp] => [{ startedBy }, /'startedBy'/]),
    ];
    for (const [input, message] of refused) {
      expect(await runTask(input), JSON.stringify(input))
        .to.match(/^InvalidParameterException: /)
        .and.match(message);
    }
    expect(await runTask({ overrides: { cpu: 256 } })).to.match(/^SerializationException: .*'overrides\.cpu'/);
    for (const count of [0, 101]) {
      const tasks = Array<string>(count).fill("t");
      expect(await ecs("DescribeTasks", { tasks })).to.match(/^InvalidParameterException: .*1 to 100 tasks/);
    }
    expect(await ecs("ListTasks", { maxResults: 101 })).to.match(/^InvalidParameterException: .*between 1 and 100/);
    expect(played).to.deep.equal([]);
    const good = { count: 10, clientToken: "x".repeat(64), startedBy: "a/b_c-1", tags: [{ key: "k", value: "v" }] };
    expect(await runTask(good)).to.equal("");
    expect(played).to.deep.equal(["RunTask"]);

    const token = (id: string) => ecr("GetAuthorizationToken", { registryIds: [id] });
    expect(await token("123")).to.match(/^InvalidParameterException: .*\[0-9\]\{12\}/);
    expect(await token("123456789012")).to.equal("");
    const quota = (QuotaCode: string) => quotas("GetServiceQuota", { ServiceCode: "fargate", QuotaCode });
    expect(await quota("L 1")).to.match(/^ValidationException: .*'quotaCode'/);
    expect(await quota("L-3032A538")).to.equal("");
  });
});
