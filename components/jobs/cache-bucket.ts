import type * as pulumi from "@pulumi/pulumi";
import { arnParts } from "../iam/documents";
import type { Settings } from "../settings/settings";
import type { BuildCache } from "./build-cache";

/** Where the jobs' archives are. */
export interface CacheBucket {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  readonly region: pulumi.Output<string>;
  /** What has to be there before it is used. */
  readonly needs: readonly pulumi.Resource[];
}

/** The bucket that the settings name, or one that is made. */
export function cacheBucket(
  { cache }: Pick<Settings, "cache">,
  clusterArn: pulumi.Output<string>,
  make: () => BuildCache,
): CacheBucket | undefined {
  if (!cache.enabled) return undefined;
  const { bucket: given } = cache;
  const region = clusterArn.apply((arn) => cache.region ?? arnParts(arn).region);
  if (given === undefined) {
    const made = make();
    return { name: made.bucket.bucket, arn: made.bucket.arn, region, needs: [made] };
  }
  return {
    name: clusterArn.apply(() => given),
    arn: clusterArn.apply((arn) => `arn:${arnParts(arn).partition}:s3:::${given}`),
    region,
    needs: [],
  };
}
