import { expect } from "chai";
import { only, plain, type Deployment } from "./support/deploy";
import { run } from "./support/program";
import { raw } from "./support/settings";

describe("cache", () => {
  let base: Deployment;
  before(async () => (base = await run()));

  const bucket = "gitlab-runners-cache-id";

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

  it("can be left out, with its permissions and its part of config.toml", async () => {
    const deployment = await run(raw({ cache: { enabled: false } }));
    expect(deployment.resources.filter(({ type }) => type.startsWith("aws:s3/"))).to.be.empty;
    expect(JSON.stringify(plain(deployment.resources)))
      .to.not.contain("s3:")
      .and.not.contain("[runners.cache");
  });
});
