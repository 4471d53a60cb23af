import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { tlsOnly } from "../iam/documents";
import type { Tags } from "../types";

export interface BuildCacheArgs {
  /** Days after which an archive is deleted. */
  readonly expiry: pulumi.Input<number>;
  /**
   * ARN of the KMS key that encrypts the archives.
   * @default S3's own encryption
   */
  readonly kmsKeyArn?: pulumi.Input<string>;
  /**
   * Refuses to delete the bucket.
   * @default false
   */
  readonly protect?: boolean;
  readonly tags: Tags;
}

/** The bucket that keeps what jobs declare under `cache:`: private, encrypted, over TLS only, expiring. */
export class BuildCache extends pulumi.ComponentResource {
  readonly bucket: s3.Bucket;

  constructor(name: string, args: BuildCacheArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:BuildCache", name, {}, opts);
    const parent = { parent: this };
    // Jobs fill the bucket again, so its content does not stand in the way of taking the stack down.
    this.bucket = new s3.Bucket(
      name,
      { forceDestroy: !args.protect, tags: args.tags },
      { ...parent, protect: args.protect },
    );
    const bucket = this.bucket.id;
    const access = new s3.BucketPublicAccessBlock(
      name,
      { bucket, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
      parent,
    );
    // Bucket and archives have one owner: access control lists have no say.
    const ownership = new s3.BucketOwnershipControls(
      name,
      { bucket, rule: { objectOwnership: "BucketOwnerEnforced" } },
      { ...parent, dependsOn: access },
    );
    new s3.BucketServerSideEncryptionConfiguration(name, { bucket, rules: [encryption(args.kmsKeyArn)] }, parent);
    new s3.BucketLifecycleConfiguration(
      name,
      {
        bucket,
        rules: [
          {
            id: "expire",
            status: "Enabled",
            filter: { prefix: "" },
            expiration: { days: args.expiry },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          },
        ],
      },
      parent,
    );
    // S3 refuses two changes of a bucket's access at the same time.
    new s3.BucketPolicy(name, { bucket, policy: this.bucket.arn.apply(tlsOnly) }, { ...parent, dependsOn: ownership });
    this.registerOutputs({ bucket: this.bucket.bucket });
  }
}

/** With a key of the bucket's own, made of the KMS key, S3 asks KMS once for many archives. */
function encryption(kmsMasterKeyId: BuildCacheArgs["kmsKeyArn"]) {
  return kmsMasterKeyId === undefined
    ? { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }
    : { applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId }, bucketKeyEnabled: true };
}
