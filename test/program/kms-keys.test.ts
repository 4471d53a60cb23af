import { expect } from "chai";
import { deploymentPolicies } from "../../components/iam/deployment-policies";
import { hostPolicy, type Statement } from "../../components/iam/documents";
import { parseSettings } from "../../components/settings/settings";
import { placeOf } from "../../scripts/policies";
import { ofType, only, plain } from "./support/deploy";
import { checkStatements } from "./support/iam-reference";
import { instance, run } from "./support/program";
import { raw } from "./support/settings";

const key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const other = "arn:aws:kms:eu-central-1:123456789012:key/mrk-1";
const logGroup = "aws:cloudwatch/logGroup:LogGroup";
const statements = (document: string): Statement[] => JSON.parse(document).Statement;
const withKey = (list: readonly Statement[]) => list.filter(({ Action }) => Action.some((one) => /^kms:/.test(one)));

describe("a KMS key of one's own", () => {
  it("encrypts all that the stack keeps", async () => {
    const deployment = await run(raw({ kmsKeyArn: key, alarms: {} }));
    expect(deployment.errors).to.deep.equal([]);
    const inputs = (type: string) => plain(only(deployment, type).inputs);
    const encryption = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration";
    expect(inputs(encryption).rules).to.deep.equal([
      {
        applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key },
        bucketKeyEnabled: true,
      },
    ]);
    expect(inputs("awsx:ecr:Repository").encryptionConfigurations).to.deep.equal([
      { encryptionType: "KMS", kmsKey: key },
    ]);
    expect(inputs(instance).rootBlockDevice).to.include({ encrypted: true, kmsKeyId: key });
    expect(inputs("aws:sns/topic:Topic").kmsMasterKeyId).to.equal(key);
    expect(ofType(deployment, logGroup).map((group) => group.inputs.kmsKeyId)).to.deep.equal([key, key]);
  });

  it("is named nowhere where there is none", async () => {
    const { resources } = await run(raw({ alarms: {} }));
    expect(JSON.stringify(plain(resources))).to.not.match(/kms/i);
  });

  it("can be another one for the logs", async () => {
    const deployment = await run(raw({ kmsKeyArn: key, logs: { kmsKeyId: other } }));
    expect(ofType(deployment, logGroup).map((group) => group.inputs.kmsKeyId)).to.deep.equal([other, other]);
    expect(plain(only(deployment, instance).inputs).rootBlockDevice).to.include({ kmsKeyId: key });
  });

  it("is an ARN of a key, neither its alias nor its id", () => {
    for (const kmsKeyArn of ["alias/ci", "1234abcd-12ab-34cd-56ef-1234567890ab", key.replace(":key/", ":alias/")]) {
      expect(() => parseSettings(raw({ kmsKeyArn })), kmsKeyArn).to.throw(/kmsKeyArn: not the ARN of a KMS key/);
    }
  });

  it("is used by the host's role for the cache's archives, and for nothing else", async () => {
    const rights = async (settings: Record<string, unknown>) =>
      plain<{ policy: string }>(
        only(await run(raw(settings)), "aws:iam/rolePolicy:RolePolicy", "gitlab-runners-host").inputs,
      ).policy;
    const bucket = "arn:aws:s3:::gitlab-runners-cache-1a2b3c4";
    expect(withKey(statements(await rights({ kmsKeyArn: key })))).to.deep.equal([
      {
        Sid: "CacheKey",
        Effect: "Allow",
        Action: ["kms:Decrypt", "kms:GenerateDataKey"],
        Resource: key,
        Condition: { StringLike: { "kms:EncryptionContext:aws:s3:arn": [bucket, `${bucket}/*`] } },
      },
    ]);
    expect(await rights({ kmsKeyArn: key, cache: { enabled: false } })).to.not.contain("kms:");
  });

  it("is used by whoever deploys through EC2 and ECR alone, where the stack has one", () => {
    const all = (kmsKeyArn?: string) =>
      Object.values(deploymentPolicies({ kmsKeyArn })).flatMap(({ Statement }) => withKey(Statement));
    expect(all()).to.deep.equal([]);
    const [{ Action, Resource, Condition }, ...others] = all(key);
    expect(others).to.deep.equal([]);
    expect([Resource, Condition]).to.deep.equal([
      key,
      { StringLike: { "kms:ViaService": ["ec2.eu-central-1.*", "ecr.eu-central-1.*"] } },
    ]);
    expect(Action).to.have.members(
      [
        ...["CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext"],
        ...["ReEncryptFrom", "ReEncryptTo", "RetireGrant"],
      ].map((name) => `kms:${name}`),
    );
    const file = `config:\n  gitlab-fargate-runners:kmsKeyArn: ${key}\n`;
    expect(placeOf("dev", file)).to.include({ kmsKeyArn: key });
  });

  it("is used by actions, and under conditions, that AWS knows", async () => {
    const host = hostPolicy({
      clusterArn: "arn:aws:ecs:eu-central-1:123456789012:cluster/jobs-1",
      families: ["family-default"],
      executionRoleArn: "arn:aws:iam::123456789012:role/execution",
      taskRoleArns: ["arn:aws:iam::123456789012:role/task"],
      cacheBucketArn: "arn:aws:s3:::cache-1",
      cacheKeyArn: key,
    });
    const { deploy } = deploymentPolicies({ kmsKeyArn: key });
    expect(await checkStatements([...statements(host), ...deploy.Statement])).to.deep.equal([]);
  });
});
