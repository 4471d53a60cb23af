import { expect } from "chai";
import { assumedBy, ecrRepositoryArn, executionPolicy, hostPolicy, tlsOnly } from "../../components/iam-documents";

const cluster = "arn:aws:ecs:eu-central-1:123456789012:cluster/jobs-1";
const args = {
  clusterArn: cluster,
  families: ["family-default", "family-large"],
  executionRoleArn: "arn:aws:iam::123456789012:role/execution",
  taskRoleArn: "arn:aws:iam::123456789012:role/task",
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
        [args.executionRoleArn, args.taskRoleArn],
        { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
      ],
      [["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "arn:aws:s3:::cache-1/*", undefined],
      [["s3:ListBucket"], "arn:aws:s3:::cache-1", undefined],
    ]);
  });

  it("has no wildcard among its actions, and no resource wildcard without a condition", () => {
    for (const { Action, Resource, Condition } of statements(hostPolicy(args))) {
      expect(Action.join()).to.not.contain("*");
      if (Resource === "*") expect(Condition).to.deep.equal(inCluster);
    }
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
});

describe("other documents", () => {
  it("let one service take a role", () => {
    expect(JSON.parse(assumedBy("ec2.amazonaws.com")).Statement).to.deep.equal([
      { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } },
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
