import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { takeRole, transferArchives } from "../iam/cache";
import { assumedByRole, document } from "../iam/documents";
import type { Tags } from "../types";
import type { CacheBucket } from "./cache-bucket";

export interface CacheTransferRoleArgs {
  readonly bucket: CacheBucket;
  /**
   * ARN of the KMS key that encrypts the archives.
   * @default none
   */
  readonly kmsKeyArn?: string;
  /** The hosts' role, the only one that may take this one. */
  readonly hostRole: iam.Role;
  /**
   * ARN of the managed policy that bounds the role.
   * @default none
   */
  readonly permissionsBoundary?: pulumi.Input<string>;
  readonly tags: Tags;
}

/**
 * What jobs transfer archives with in parts, as S3 takes 5 GB at most in one request. The runner takes the role for one
 * archive at a time, to read or to write it, and hands the job credentials that are good for that alone.
 *
 * @see https://docs.gitlab.com/runner/configuration/advanced-configuration/#enable-multipart-transfers-with-rolearn
 */
export class CacheTransferRole extends pulumi.ComponentResource {
  /** Known when the role can be taken and used. */
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: CacheTransferRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:CacheTransferRole", name, {}, opts);
    const { bucket, kmsKeyArn: keyArn, hostRole, permissionsBoundary, tags } = args;
    const parent = { parent: this };
    const assumeRolePolicy = hostRole.arn.apply(assumedByRole);
    const role = new iam.Role(name, { assumeRolePolicy, permissionsBoundary, tags }, parent);
    const policy = pulumi
      .all([bucket.arn, bucket.region])
      .apply(([bucketArn, region]) => document(...transferArchives({ bucketArn, keyArn }, region)));
    const rights = new iam.RolePolicy(name, { role: role.id, policy }, parent);
    const take = { role: hostRole.id, policy: role.arn.apply((arn) => document(takeRole(arn))) };
    const taking = new iam.RolePolicy(`${name}-host`, take, parent);
    this.arn = pulumi.all([role.arn, rights.id, taking.id]).apply(([arn]) => arn);
    this.registerOutputs({ arn: this.arn });
  }
}
