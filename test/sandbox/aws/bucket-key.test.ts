import type { GetBucketEncryptionCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { createBucketKey } from "../../../sandbox/aws/s3/bucket-key";

const key = "arn:aws:kms:us-east-1:123456789012:key/1";

/** A client that finds these rules in each bucket. */
const finds = (...Rules: object[]) =>
  ({
    send: async ({ input }: GetBucketEncryptionCommand) => {
      if (input.Bucket === "gone") throw new Error("NoSuchBucket");
      return { ServerSideEncryptionConfiguration: { Rules } };
    },
  }) as unknown as S3Client;

describe("a bucket's KMS key", () => {
  it("is the one that the bucket encrypts by, if it does", async () => {
    const byDefault = (rule: object) => ({ ApplyServerSideEncryptionByDefault: rule });
    const kms = createBucketKey(finds(byDefault({ SSEAlgorithm: "aws:kms", KMSMasterKeyID: key })));
    expect(await kms("cache")).to.equal(key);
    expect(await kms("gone")).to.equal(undefined);
    expect(await createBucketKey(finds(byDefault({ SSEAlgorithm: "AES256" })))("cache")).to.equal(undefined);
    expect(await createBucketKey(finds())("cache")).to.equal(undefined);
  });
});
