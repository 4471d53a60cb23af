import { expect } from "chai";
import {
  assumedBy,
  assumedByRole,
  ecrRepositoryArn,
  executionPolicy,
  hostPolicy,
  tlsOnly,
} from "../../components/iam/documents";

const cluster = "arn:aws:ecs:eu-central-1:123456789012:cluster/jobs-1";
const args = {
  clusterArn: cluster,
  families: ["family-default", "family-large"],
  executionRoleArn: "arn:aws:iam::123456789012:role/execution",
  taskRoleArns: ["arn:aws:iam::123456789012:role/task", "arn:aws:iam::123456789012:role/deploy"],
  cacheBucketArn: "arn:aws:s3:::cache-1",
};
const inCluster = { ArnEquals: { "ecs:cluster": cluster } };
const ecs = "arn:aws:ecs:eu-central-1:123456789012";

interface Statement {
  Sid: string;
  Action: string[];
  Resource: string | string[];
  Condition?: unknown;
}
const statements = (document: string): Statement[] => JSON.parse(document).Statement;

describe("the host's policy", () => {
  it("allows what driver and runner do, on the stack's own resources", () => {
    const allowed = statements(hostPolicy(args)).map(({ Action, Resource, Condition }) => [
      Action,
      Resource,
      Condition,
    ]);
    expect(allowed).to.deep.equal([
      [
        ["ecs:RunTask"],
        [`${ecs}:task-definition/family-default:*`, `${ecs}:task-definition/family-large:*`],
        inCluster,
      ],
      [["ecs:DescribeTasks", "ecs:StopTask"], `${ecs}:task/jobs-1/*`, inCluster],
      [["ecs:ListTasks"], "*", inCluster],
      [["ecs:TagResource"], `${ecs}:task/jobs-1/*`, { StringEquals: { "ecs:CreateAction": "RunTask" } }],
      [
        ["iam:PassRole"],
        [args.executionRoleArn, ...args.taskRoleArns],
        { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
      ],
      [["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::cache-1/*", undefined],
      [["s3:ListBucket"], "arn:aws:s3:::cache-1", undefined],
    ]);
  });

  it("says nothing of S3 without a cache", () => {
    expect(hostPolicy({ ...args, cacheBucketArn: undefined })).to.not.contain("s3:");
  });

  it("keeps to the partition of the cluster", () => {
    const china = { ...args, clusterArn: "arn:aws-cn:ecs:cn-north-1:123456789012:cluster/jobs-1" };
    expect(hostPolicy({ ...china, cacheBucketArn: undefined })).to.not.contain("arn:aws:ecs");
  });
});

describe("the execution role's policy", () => {
  const logGroupArn = "arn:aws:logs:eu-central-1:123456789012:log-group:jobs-1";
  const repository = "arn:aws:ecr:eu-central-1:123456789012:repository/ci/job";

  it("pulls the image and writes the log, nothing else", () => {
    const imageUri = `123456789012.dkr.ecr.eu-central-1.amazonaws.com/ci/job@sha256:${"a".repeat(64)}`;
    const allowed = statements(executionPolicy({ logGroupArn, imageUri })).map(({ Action, Resource }) => [
      Action,
      Resource,
    ]);
    expect(allowed).to.deep.equal([
      [["logs:CreateLogStream", "logs:PutLogEvents"], `${logGroupArn}:*`],
      [["ecr:GetAuthorizationToken"], "*"],
      [["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], repository],
    ]);
  });

  it("needs no ECR for an image of another registry", () => {
    expect(executionPolicy({ logGroupArn, imageUri: "registry.example.com/job:1" })).to.not.contain("ecr:");
  });

  it("finds the repository whatever the reference's form", () => {
    const uri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/ci/job";
    for (const form of [uri, `${uri}:1.2`, `${uri}@sha256:aa`])
      expect(ecrRepositoryArn(form, "aws")).to.equal(repository);
    expect(ecrRepositoryArn(`evil.com/${uri}`, "aws")).to.equal(undefined);
  });

  it("finds it at each of ECR's addresses: by IPv6, with FIPS, in other partitions", () => {
    const found = (registry: string, partition: string) =>
      ecrRepositoryArn(`123456789012.${registry}/a/b:1`, partition);
    const addresses: [partition: string, region: string, registries: string[]][] = [
      ["aws", "us-east-1", ["dkr.ecr-fips.us-east-1.amazonaws.com", "dkr-ecr.us-east-1.on.aws"]],
      ["aws", "us-east-1", ["dkr-ecr-fips.us-east-1.on.aws"]],
      ["aws-us-gov", "us-gov-west-1", ["dkr.ecr.us-gov-west-1.amazonaws.com"]],
      [
        "aws-cn",
        "cn-north-1",
        ["dkr.ecr.cn-north-1.amazonaws.com.cn", "dkr-ecr.cn-north-1.on.amazonwebservices.com.cn"],
      ],
      ["aws-eusc", "eusc-de-east-1", ["dkr.ecr.eusc-de-east-1.amazonaws.eu"]],
      ["aws-iso", "us-iso-east-1", ["dkr.ecr.us-iso-east-1.c2s.ic.gov"]],
    ];
    for (const [partition, region, registries] of addresses) {
      for (const registry of registries) {
        expect(found(registry, partition), registry).to.equal(
          `arn:${partition}:ecr:${region}:123456789012:repository/a/b`,
        );
      }
    }
    for (const registry of [
      "dkr.ecr.us-east-1.amazonawsXcom",
      "dkr.ecr.us-east-1.example.com",
      "dkr.s3.us-east-1.on.aws",
    ])
      expect(found(registry, "aws"), registry).to.equal(undefined);
  });

  it("lets ECR fill a pull-through cache with an image that was built elsewhere, in its own repository", () => {
    const imageUri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/ci/job:1";
    const fill = ({ Action }: Statement) => Action.includes("ecr:BatchImportUpstreamImage");
    const given = statements(executionPolicy({ logGroupArn, imageUri, builtElsewhere: true })).filter(fill);
    expect(given.map(({ Action, Resource }) => [Action, Resource])).to.deep.equal([
      [["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"], repository],
    ]);
    expect(statements(executionPolicy({ logGroupArn, imageUri })).filter(fill)).to.deep.equal([]);
    const other = "registry.example.com/job:1";
    expect(executionPolicy({ logGroupArn, imageUri: other, builtElsewhere: true })).to.not.contain("ecr:");
  });
});

describe("wildcards", () => {
  const imageUri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/ci/job";
  const logGroupArn = "arn:aws:logs:eu-central-1:123456789012:log-group:jobs-1";
  const granted = [hostPolicy(args), executionPolicy({ logGroupArn, imageUri })].flatMap(statements);

  /** Actions for which AWS knows no resource, and what confines them in its place. */
  const withoutResource: Record<string, unknown> = {
    // Its resource type, container instances, has none on Fargate.
    "ecs:ListTasks": inCluster,
    // A token says who one is, for all repositories; what it opens is said by the other actions.
    "ecr:GetAuthorizationToken": undefined,
  };

  it("stand for no action", () => {
    for (const { Action } of granted) expect(Action.join()).to.not.match(/[*?]/);
  });

  it("stand for all resources only where AWS knows none", () => {
    const open = granted.filter(({ Resource }) => [Resource].flat().includes("*"));
    expect(Object.fromEntries(open.map(({ Action, Condition }) => [Action.join(), Condition]))).to.deep.equal(
      withoutResource,
    );
  });

  it("stand for what is inside a resource of the stack, never for the resource itself", () => {
    const inside = /^(task-definition\/family-(default|large):\*|task\/jobs-1\/\*|cache-1\/\*|log-group:jobs-1:\*)$/;
    const patterns = granted.flatMap(({ Resource }) => Resource).filter((arn) => arn !== "*" && /[*?]/.test(arn));
    expect(patterns).to.have.length(6);
    for (const arn of patterns) {
      const [, , service, region, account, ...resource] = arn.split(":");
      expect(resource.join(":"), arn).to.match(inside);
      if (service !== "s3") expect([region, account]).to.deep.equal(["eu-central-1", "123456789012"]);
    }
  });

  it("open no role and no bucket to the world", () => {
    for (const service of ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]) {
      expect(JSON.parse(assumedBy(service)).Statement[0].Principal).to.deep.equal({ Service: service });
    }
    const bucket = JSON.parse(tlsOnly("arn:aws:s3:::b")).Statement;
    expect(bucket.filter(({ Effect }: { Effect: string }) => Effect !== "Deny")).to.deep.equal([]);
  });
});

describe("other documents", () => {
  it("let one service take a role", () => {
    expect(JSON.parse(assumedBy("ec2.amazonaws.com")).Statement).to.deep.equal([
      { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } },
    ]);
  });

  it("let one role take another", () => {
    const role = "arn:aws:iam::123456789012:role/host";
    expect(JSON.parse(assumedByRole(role)).Statement).to.deep.equal([
      { Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: role } },
    ]);
  });

  it("deny a bucket without TLS", () => {
    expect(JSON.parse(tlsOnly("arn:aws:s3:::b")).Statement).to.deep.equal([
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: ["s3:*"],
        Resource: ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ]);
  });
});
