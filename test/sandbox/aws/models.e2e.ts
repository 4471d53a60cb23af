/** Requests that AWS would refuse, at the front before moto: refused with the service's own code, as its clients read it. */
import { PutDashboardCommand, PutMetricAlarmCommand, CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  PutRetentionPolicyCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  EC2Client,
  ModifySecurityGroupRulesCommand,
  RunInstancesCommand,
  type _InstanceType,
} from "@aws-sdk/client-ec2";
import {
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
} from "@aws-sdk/client-ecs";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateBucketCommand, PutBucketLifecycleConfigurationCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { expect } from "chai";
import { region } from "../../../sandbox/config";
import { prepareArtifacts } from "../../../sandbox/setup";
import { scratch } from "../../support/scratch";
import { startGatedMoto } from "./gated-moto";

/** What is wrong in the types already: services hear it from other programs. */
const untyped = <T>(value: unknown) => value as T;

describe("requests that AWS would refuse", () => {
  const folder = scratch();
  let aws: Awaited<ReturnType<typeof startGatedMoto>>;
  let clients: ReturnType<typeof connect>;
  /** What of ECS's calls came as far as to the part that plays tasks. */
  let played: string[];

  const connect = (endpoint: string) => {
    const settings = {
      endpoint,
      region,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      maxAttempts: 1,
    };
    return {
      cloudwatch: new CloudWatchClient(settings),
      ec2: new EC2Client(settings),
      ecs: new ECSClient(settings),
      iam: new IAMClient(settings),
      logs: new CloudWatchLogsClient(settings),
      s3: new S3Client({ ...settings, forcePathStyle: true }),
      sns: new SNSClient(settings),
      sts: new STSClient(settings),
    };
  };

  before(async () => {
    const { motoPython } = await prepareArtifacts({ onProgress: () => {} });
    aws = await startGatedMoto(motoPython, folder.dir, {
      async ecs(action) {
        played.push(action);
        return action === "CreateCluster" ? undefined : {};
      },
      registryPassword: () => ({ authorizationData: [{ authorizationToken: "token" }] }),
    });
    clients = connect(aws.endpoint);
  });
  beforeEach(() => (played = []));
  after(async () => {
    for (const client of Object.values(clients)) client.destroy();
    await aws.close();
    folder.remove();
  });

  /** "Code: message" as the SDK tells it; empty where the request passes. */
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => "",
      (error: Error) => `${error.name}: ${error.message}`,
    );
  /** The same of a call in JSON, without an SDK. */
  const call = async (service: string, target: string, body: object) => {
    const authorization = `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request`;
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target, authorization };
    const answer = await fetch(aws.endpoint, { method: "POST", headers, body: JSON.stringify(body) });
    const { __type, message, Message = message } = (await answer.json()) as Record<string, string>;
    return answer.ok ? "" : `${__type}: ${Message}`;
  };
  const ecr = (operation: string, body: object) =>
    call("ecr", `AmazonEC2ContainerRegistry_V20150921.${operation}`, body);
  const group = (input: Partial<CreateSecurityGroupCommand["input"]>) =>
    refusal(clients.ec2.send(new CreateSecurityGroupCommand({ GroupName: "g", Description: "d", ...input })));
  const runTask = (input: Partial<RunTaskCommandInput>) =>
    refusal(clients.ecs.send(new RunTaskCommand({ taskDefinition: "family", ...input })));
  const alarm = (input: Partial<PutMetricAlarmCommand["input"]>) =>
    refusal(
      clients.cloudwatch.send(
        new PutMetricAlarmCommand({
          AlarmName: "alarm",
          ComparisonOperator: "GreaterThanThreshold",
          EvaluationPeriods: 1,
          MetricName: "Disk",
          Namespace: "test",
          Period: 60,
          Statistic: "Maximum",
          Threshold: 90.5,
          ...input,
        }),
      ),
    );
  const pairs = (pair: [string, string], count = 1) =>
    Array.from({ length: count }, (_, index) => ({ Key: pair[0] + (index || ""), Value: pair[1] }));

  it("are those with characters and lengths that EC2's documents do not list", async () => {
    expect(await group({ Description: "SSH from the runner's host" })).to.match(
      /^InvalidParameterValue: Value \(SSH from the runner's host\) for parameter Description is invalid/,
    );
    expect(await group({ Description: "x".repeat(256) })).to.match(/^InvalidParameterValue: .*Up to 255 characters/);
    expect(await group({ GroupName: "sg-1" })).to.match(/^InvalidParameterValue: .*Can't start with sg-/);
    expect(await group({ Description: undefined })).to.match(/^MissingParameter: .*parameter Description/);
    expect(await group({})).to.equal("");
    const range = { CidrIp: "10.0.0.0/8", Description: "a — b" };
    const IpPermissions = [{ IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [range] }];
    expect(
      await refusal(clients.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupName: "g", IpPermissions }))),
    ).to.match(/^InvalidParameterValue: .*IpPermissions\.1\.IpRanges\.1\.Description/);
    const SecurityGroupRules = [{ SecurityGroupRuleId: "sgr-1", SecurityGroupRule: { Description: "host's" } }];
    expect(
      await refusal(clients.ec2.send(new ModifySecurityGroupRulesCommand({ GroupId: "sg-1", SecurityGroupRules }))),
    ).to.match(/^InvalidParameterValue: .*SecurityGroupRule\.Description/);
  });

  it("are EC2's with values that it does not know, and with what is missing", async () => {
    const run = (InstanceType: string, MinCount?: number) => {
      const input = { InstanceType: untyped<_InstanceType>(InstanceType), MinCount, MaxCount: 1 };
      return refusal(clients.ec2.send(new RunInstancesCommand(untyped(input))));
    };
    expect(await run("t3.smal", 1)).to.match(/^InvalidParameterValue: .*t3\.smal/);
    expect(await run("t3.small")).to.match(/^MissingParameter: .*MinCount/);
  });

  it("are those with tags that the service does not take", async () => {
    const bad = pairs(["k%", "v"]);
    const ecs = (key: string, value = "v") =>
      refusal(clients.ecs.send(new CreateClusterCommand({ clusterName: "c", tags: [{ key, value }] })));
    expect(await ecs("k%")).to.match(/^InvalidParameterException: .*'k%' at 'tags\.1\.key' failed to satisfy/);
    expect(await ecs("k".repeat(129))).to.match(/^InvalidParameterException: .*less than or equal to 128/);
    expect(await ecs("k", "v".repeat(257))).to.match(/^InvalidParameterException: .*less than or equal to 256/);
    expect(await ecs("AWS:k")).to.match(/^InvalidParameterException: .*reserved for internal use/);
    const topic = new CreateTopicCommand({ Name: "t", Tags: bad });
    expect(await refusal(clients.sns.send(topic))).to.match(/^ValidationError: .*Tags must satisfy/);
    const repository = ecr("CreateRepository", { repositoryName: "r1", tags: bad });
    expect(await repository).to.match(/^InvalidParameterException: .*Tags must satisfy/);
    // EC2 alone takes all characters, but no more tags than the others.
    const tagged = (Tags: { Key: string; Value: string }[], GroupName: string) =>
      group({ GroupName, TagSpecifications: [{ ResourceType: "security-group", Tags }] });
    expect(await tagged(bad, "g1")).to.equal("");
    expect(await tagged(pairs(["aws:k", "v"]), "g2")).to.match(/^InvalidParameterValue: .*reserved/);
    expect(await tagged(pairs(["k", "v"], 51), "g3")).to.match(/^InvalidParameterValue: .*number of tags/);
  });

  it("are IAM's with a name that is too long, and with keys that differ in case alone", async () => {
    const role = (RoleName: string, Tags?: { Key: string; Value: string }[]) =>
      refusal(clients.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: "{}", Tags })));
    expect(await role("r".repeat(65))).to.match(
      /^ValidationError: 1 validation error detected: .*'roleName'.*equal to 64/,
    );
    expect(await role("r", [...pairs(["team", "v"]), ...pairs(["Team", "v"])])).to.match(
      /^ValidationError: .*Duplicate/,
    );
    const assume = new AssumeRoleCommand({ RoleArn: "arn:aws:iam::123456789012:role/r", RoleSessionName: "a b" });
    expect(await refusal(clients.sts.send(assume))).to.match(/^ValidationError: .*'roleSessionName'/);
  });

  it("are CloudWatch's, in its own protocol, and those of its logs", async () => {
    const dashboard = (DashboardName: string) =>
      refusal(clients.cloudwatch.send(new PutDashboardCommand({ DashboardName, DashboardBody: '{"widgets":[]}' })));
    expect(await dashboard("runners-dev.eu")).to.match(/^ValidationException: .*'runners-dev\.eu' at 'dashboardName'/);
    expect(await dashboard("runners-dev_eu")).to.equal("");
    expect(await alarm({ Period: 5 })).to.match(/^ValidationException: .*multiple of 60/);
    expect(await alarm({ Statistic: untyped("Max") })).to.match(
      /^ValidationException: .*enum value set: \[SampleCount/,
    );
    expect(await alarm({ EvaluationPeriods: 0 })).to.match(/^ValidationException: .*greater than or equal to 1/);
    expect(await alarm({})).to.equal("");
    const { Error: told } = await clients.cloudwatch.send(new PutDashboardCommand(untyped({}))).catch((error) => error);
    expect(told).to.deep.include({ Code: "ValidationError" });
    const logGroup = (logGroupName: string) => refusal(clients.logs.send(new CreateLogGroupCommand({ logGroupName })));
    expect(await logGroup("a b")).to.match(/^InvalidParameterException: .*'a b' at 'logGroupName'/);
    expect(await logGroup("a")).to.equal("");
    const keep = (retentionInDays: number) =>
      refusal(clients.logs.send(new PutRetentionPolicyCommand({ logGroupName: "a", retentionInDays })));
    expect(await keep(31)).to.match(/^InvalidParameterException: .*one of \(1, 3, 5, 7, 14, 30/);
    expect(await keep(30)).to.equal("");
  });

  it("are those of S3, SNS and ECR", async () => {
    const create = (Bucket: string) => refusal(clients.s3.send(new CreateBucketCommand({ Bucket })));
    expect(await create("Upper")).to.match(/^InvalidArgument: .*lowercase letters/);
    const Rules = [{ ID: "r", Status: untyped<"Enabled">("On"), Filter: { Prefix: "" }, Expiration: { Days: 1 } }];
    const lifecycle = { Bucket: "bucket", LifecycleConfiguration: { Rules } };
    expect(await refusal(clients.s3.send(new PutBucketLifecycleConfigurationCommand(lifecycle)))).to.match(
      /^InvalidArgument: .*enum value set: \[Enabled, Disabled\]/,
    );
    const subscribe = new SubscribeCommand({ Protocol: "email", TopicArn: undefined });
    expect(await refusal(clients.sns.send(subscribe))).to.match(/^ValidationError: .*null at 'topicArn'/);
    const upper = { repositoryName: "Upper" };
    expect(await ecr("CreateRepository", upper)).to.match(/^InvalidParameterException: .*'repositoryName'/);
  });

  it("come to none of the parts that answer in moto's place", async () => {
    expect(await runTask({ launchType: untyped("FARGAT") })).to.match(/^InvalidParameterException: .*'launchType'/);
    expect(await runTask({ taskDefinition: undefined })).to.match(/^InvalidParameterException: .*null at 'taskDefi/);
    expect(await runTask({ overrides: { cpu: untyped(256) } })).to.match(/^SerializationException: .*'overrides\.cpu'/);
    for (const count of [0, 11]) expect(await runTask({ count })).to.match(/^InvalidParameterException: .*'count'/);
    for (const clientToken of ["x".repeat(65), "", "a b", "ä"]) {
      expect(await runTask({ clientToken }), clientToken).to.match(/^InvalidParameterException: .*'clientToken'/);
    }
    for (const startedBy of ["a b", "x".repeat(129)]) {
      expect(await runTask({ startedBy }), startedBy).to.match(/^InvalidParameterException: .*'startedBy'/);
    }
    const tags = [{ key: "k", value: "<v>" }];
    expect(await runTask({ tags })).to.match(/^InvalidParameterException: .*'<v>' at 'tags\.1\.value'/);
    const describe = (tasks: string[]) => refusal(clients.ecs.send(new DescribeTasksCommand({ tasks })));
    for (const count of [0, 101]) {
      expect(await describe(Array<string>(count).fill("t"))).to.match(/^InvalidParameterException: .*1 to 100 tasks/);
    }
    const list = new ListTasksCommand({ maxResults: 101 });
    expect(await refusal(clients.ecs.send(list))).to.match(/^InvalidParameterException: .*between 1 and 100/);
    expect(played).to.deep.equal([]);
    const good = { count: 10, clientToken: "x".repeat(64), startedBy: "a/b_c-1", tags: [{ key: "k", value: "v" }] };
    expect(await runTask(good)).to.equal("");
    expect(played).to.deep.equal(["RunTask"]);

    const token = (id: string) => ecr("GetAuthorizationToken", { registryIds: [id] });
    expect(await token("123")).to.match(/^InvalidParameterException: .*\[0-9\]\{12\}/);
    expect(await token("123456789012")).to.equal("");
    const quota = (QuotaCode: string) =>
      call("servicequotas", "ServiceQuotasV20190624.GetServiceQuota", { ServiceCode: "fargate", QuotaCode });
    expect(await quota("L 1")).to.match(/^ValidationException: .*'quotaCode'/);
    expect(await quota("L-3032A538")).to.equal("");
  });
});
