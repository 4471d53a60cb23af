/** Statements for the jobs' cache: what the hosts do with it, and what jobs are given to transfer archives in parts. */
import type { Statement } from "./documents";

export interface CacheAccess {
  /** The bucket of `cache:`. */
  bucketArn: string;
  /** ARN of the KMS key that encrypts it. */
  keyArn?: string;
}

/** To presign requests for archives. */
export const useCache = ({ bucketArn, keyArn }: CacheAccess): Statement[] => [
  archives(bucketArn),
  // Without it S3 answers 403, not 404, for an archive that is not there yet.
  { Sid: "ListCache", Effect: "Allow", Action: ["s3:ListBucket"], Resource: bucketArn },
  ...(keyArn === undefined ? [] : [useKey(bucketArn, keyArn)]),
];

/**
 * To transfer archives in parts. The runner confines a job to one archive, and to reading or writing it, but hands on
 * the rights for the key as they are; so the key is of use through S3 only.
 *
 * @param region the bucket's
 */
export function transferArchives({ bucketArn, keyArn }: CacheAccess, region: string): Statement[] {
  if (keyArn === undefined) return [archives(bucketArn)];
  // S3's domain is another one in some partitions.
  return [archives(bucketArn), useKey(bucketArn, keyArn, { "kms:ViaService": `s3.${region}.*` })];
}

export const takeRole = (roleArn: string): Statement => ({
  Sid: "TakeRole",
  Effect: "Allow",
  Action: ["sts:AssumeRole"],
  Resource: roleArn,
});

const archives = (bucketArn: string): Statement => ({
  Sid: "CacheArchives",
  Effect: "Allow",
  Action: ["s3:GetObject", "s3:PutObject"],
  Resource: `${bucketArn}/*`,
});

/** S3 calls KMS by the rights of whoever asks for an archive, and names the bucket, or without a bucket key the archive. */
const useKey = (bucketArn: string, keyArn: string, more: Record<string, string> = {}): Statement => ({
  Sid: "CacheKey",
  Effect: "Allow",
  Action: ["kms:Decrypt", "kms:GenerateDataKey"],
  Resource: keyArn,
  Condition: { StringLike: { "kms:EncryptionContext:aws:s3:arn": [bucketArn, `${bucketArn}/*`], ...more } },
});
