/** The KMS keys of buckets, and what S3 asks of KMS in the name of whoever reads and writes objects. */
import { GetBucketEncryptionCommand, type S3Client } from "@aws-sdk/client-s3";
import { keyUse } from "../iam/permissions";
import type { Permission } from "../iam/evaluate";

/** The key that a bucket's objects are encrypted by; undefined where that is S3's own. */
export type BucketKey = (bucket: string) => Promise<string | undefined>;

export const createBucketKey =
  (s3: Pick<S3Client, "send">): BucketKey =>
  async (Bucket) => {
    // A bucket that is not there has no key; S3 says what is wrong with it.
    const found = await s3.send(new GetBucketEncryptionCommand({ Bucket })).catch(() => undefined);
    const [rule] = found?.ServerSideEncryptionConfiguration?.Rules ?? [];
    return rule?.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID;
  };

/**
 * S3 names the bucket to KMS, as buckets with a key of their own do.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */
export async function objectKeyPermissions({ action, resource }: Permission, keyOf: BucketKey): Promise<Permission[]> {
  const needed = { "s3:GetObject": ["Decrypt"], "s3:PutObject": ["GenerateDataKey", "Decrypt"] }[action];
  if (needed === undefined) return [];
  const [bucketArn] = resource.split("/");
  const key = await keyOf(bucketArn.slice("arn:aws:s3:::".length));
  if (key === undefined) return [];
  return keyUse("s3", key, needed).map((permission) => ({
    ...permission,
    context: { ...permission.context, "kms:EncryptionContext:aws:s3:arn": bucketArn },
  }));
}
