import { expect } from "chai";
import { parse } from "smol-toml";
import type { Statement } from "../../components/iam/documents";
import { parseSettings } from "../../components/settings/settings";
import { only, plain, type Deployment } from "./support/deploy";
import { command, run } from "./support/program";
import { raw } from "./support/settings";

describe("cache", () => {
  let base: Deployment;
  before(async () => (base = await run()));

  const bucket = "gitlab-runners-cache-id";
  const cacheOf = (deployment: Deployment) => {
    const { stdin } = plain<{ stdin: string }>(only(deployment, command, "gitlab-runners-host-config-toml").inputs);
    return (parse(stdin) as { runners: { cache: { s3: object } }[] }).runners[0].cache.s3;
  };
  const rightsOf = (deployment: Deployment): Statement[] => {
    const rolePolicy = only(deployment, "aws:iam/rolePolicy:RolePolicy", "gitlab-runners-host");
    return JSON.parse(plain<{ policy: string }>(rolePolicy.inputs).policy).Statement;
  };

  it("is private, encrypted, over TLS and expires", () => {
    const inputs = (type: string) => plain(only(base, `aws:s3/${type}`).inputs);
    expect(inputs("bucketPublicAccessBlock:BucketPublicAccessBlock")).to.deep.equal({
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    expect(inputs("bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")).to.deep.equal({
      bucket,
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
    });
    expect(inputs("bucketLifecycleConfiguration:BucketLifecycleConfiguration").rules).to.deep.equal([
      {
        id: "expire",
        status: "Enabled",
        filter: { prefix: "" },
        expiration: { days: 30 },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
      },
    ]);
    expect(inputs("bucketOwnershipControls:BucketOwnershipControls")).to.deep.equal({
      bucket,
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
    expect(inputs("bucketPolicy:BucketPolicy").policy).to.contain("aws:SecureTransport");
  });

  it("can be a bucket made elsewhere, in any region: none is made, and the host may use that one", async () => {
    const key = "arn:aws:kms:eu-west-1:123456789012:key/1";
    const settings = { cache: { bucket: "ci-cache", region: "eu-west-1", kmsKeyArn: key } };
    const deployment = await run(raw(settings));
    expect(deployment.errors).to.deep.equal([]);
    expect(deployment.resources.filter(({ type }) => /^aws:s3|BuildCache/.test(type))).to.be.empty;
    expect(cacheOf(deployment)).to.include({ BucketName: "ci-cache", BucketLocation: "eu-west-1" });
    const rights = rightsOf(deployment).filter(({ Action }) => /s3:|kms:/.test(Action.join()));
    expect(rights.map(({ Action, Resource }) => [Action, Resource])).to.deep.equal([
      [["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::ci-cache/*"],
      [["s3:ListBucket"], "arn:aws:s3:::ci-cache"],
      [["kms:Decrypt", "kms:GenerateDataKey"], key],
    ]);
  });

  it("is in the stack's region, and a given bucket without a key of its own in nobody's", async () => {
    expect(cacheOf(base)).to.include({ BucketName: "gitlab-runners-cache-1a2b3c4", BucketLocation: "eu-central-1" });
    const kmsKeyArn = "arn:aws:kms:eu-central-1:123456789012:key/1";
    const given = await run(raw({ kmsKeyArn, cache: { bucket: "ci-cache" } }));
    expect(cacheOf(given)).to.include({ BucketName: "ci-cache", BucketLocation: "eu-central-1" });
    expect(JSON.stringify(rightsOf(given))).to.not.contain("kms:");
  });

  it("is refused with keys that say nothing of its bucket", () => {
    const refused: [cache: object, error: RegExp][] = [
      [{ bucket: "ci-cache", enabled: false }, /cache\.bucket: has no effect, as cache\.enabled is false/],
      [{ bucket: "ci-cache", expiryDays: 7 }, /cache\.expiryDays: has no effect beside cache\.bucket/],
      [{ region: "eu-west-1" }, /cache\.region: has no effect without cache\.bucket/],
      [{ multipart: true, enabled: false }, /cache\.multipart: has no effect, as cache\.enabled is false/],
      [{ bucket: "CI_cache" }, /cache\.bucket: not the name of a bucket/],
      [{ bucket: "ci-cache", region: "Frankfurt" }, /cache\.region: not a region/],
    ];
    for (const [cache, error] of refused) expect(() => parseSettings(raw({ cache }))).to.throw(error);
  });

  describe("in parts", () => {
    const hostRole = "arn:aws:iam::123456789012:role/gitlab-runners-host";
    const transferRole = "arn:aws:iam::123456789012:role/gitlab-runners-cache-transfer";
    const inputsOf = <T extends object>(deployment: Deployment, type: string, name: string) =>
      plain<T>(only(deployment, `aws:iam/${type}`, name).inputs);
    const granted = (deployment: Deployment, name: string) => {
      const { role, policy } = inputsOf<{ role: string; policy: string }>(deployment, "rolePolicy:RolePolicy", name);
      const { Statement: statements } = JSON.parse(policy) as { Statement: Statement[] };
      return {
        role,
        rights: statements.map(({ Action, Resource, Condition }) => ({
          Action,
          Resource,
          ...(Condition && { Condition }),
        })),
      };
    };

    it("is transferred with a role for its archives, which the host's role alone may take", async () => {
      const boundary = "arn:aws:iam::123456789012:policy/boundary";
      const deployment = await run(raw({ cache: { multipart: true }, permissionsBoundary: boundary }));
      expect(deployment.errors).to.deep.equal([]);
      const role = inputsOf<{ assumeRolePolicy: string }>(deployment, "role:Role", "gitlab-runners-cache-transfer");
      expect(JSON.parse(role.assumeRolePolicy).Statement).to.deep.equal([
        { Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: hostRole } },
      ]);
      expect(role).to.include({ permissionsBoundary: boundary });
      expect(granted(deployment, "gitlab-runners-cache-transfer")).to.deep.equal({
        role: "gitlab-runners-cache-transfer-id",
        rights: [{ Action: ["s3:GetObject", "s3:PutObject"], Resource: "arn:aws:s3:::gitlab-runners-cache-1a2b3c4/*" }],
      });
      expect(granted(deployment, "gitlab-runners-cache-transfer-host")).to.deep.equal({
        role: "gitlab-runners-host-id",
        rights: [{ Action: ["sts:AssumeRole"], Resource: transferRole }],
      });
      expect(cacheOf(deployment)).to.deep.equal({ ...cacheOf(base), RoleARN: transferRole });
    });

    it("names the KMS key, which may be used through S3 in the bucket's region only", async () => {
      const key = "arn:aws:kms:eu-west-1:123456789012:key/1";
      const cache = { bucket: "ci-cache", region: "eu-west-1", kmsKeyArn: key, multipart: true };
      const deployment = await run(raw({ cache }));
      expect(cacheOf(deployment)).to.include({ ServerSideEncryption: "KMS", ServerSideEncryptionKeyID: key });
      const { rights } = granted(deployment, "gitlab-runners-cache-transfer");
      expect(rights).to.deep.equal([
        { Action: ["s3:GetObject", "s3:PutObject"], Resource: "arn:aws:s3:::ci-cache/*" },
        {
          Action: ["kms:Decrypt", "kms:GenerateDataKey"],
          Resource: key,
          Condition: {
            StringLike: {
              "kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::ci-cache", "arn:aws:s3:::ci-cache/*"],
              "kms:ViaService": "s3.eu-west-1.*",
            },
          },
        },
      ]);
    });

    it("has its rights before a host's runner is told of the role", async () => {
      const deployment = await run(raw({ cache: { multipart: true } }));
      const { dependsOn } = only(deployment, command, "gitlab-runners-host-config-toml");
      expect(dependsOn).to.include.members(["gitlab-runners-cache-transfer", "gitlab-runners-cache-transfer-host"]);
    });

    it("is a thing to ask for: there is no such role otherwise", () => {
      expect(JSON.stringify(plain(base.resources))).to.not.match(/cache-transfer|RoleARN|ServerSideEncryption =/);
    });
  });

  it("can be left out, with its permissions and its part of config.toml", async () => {
    const deployment = await run(raw({ cache: { enabled: false } }));
    expect(deployment.resources.filter(({ type }) => type.startsWith("aws:s3/"))).to.be.empty;
    expect(JSON.stringify(plain(deployment.resources)))
      .to.not.contain("s3:")
      .and.not.contain("[runners.cache");
  });
});
