/** The schema of the jobs' cache. */
import { z } from "zod";
import * as defaults from "./defaults";
import { cacheKey } from "./kms-keys";
import { strict } from "./values";

export const cache = strict({
  enabled: z.boolean().default(true).describe("Creates a bucket for the jobs' `cache:`."),
  expiryDays: z.int().min(1).default(defaults.cacheExpiryDays).describe("Days after which an archive is deleted."),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "not the name of a bucket")
    .optional()
    .meta({
      description:
        "A bucket made elsewhere, which has the jobs' archives and nothing else; stacks of the same GitLab can share " +
        "it.",
      default: "one is made",
      example: "ci-cache",
    }),
  region: z
    .string()
    .regex(/^[a-z]{2,}(-[a-z]+)+-\d+$/, 'not a region, like "eu-central-1"')
    .optional()
    .meta({ description: "The region of `cache.bucket`.", default: "the stack's", example: "eu-west-1" }),
  kmsKeyArn: cacheKey,
  multipart: z
    .boolean()
    .default(false)
    .meta({
      description:
        "Whether archives are transferred in parts, as S3 demands above 5 GB. Jobs get temporary credentials for it, " +
        "instead of presigned URLs.",
      example: true,
    }),
}).prefault({});

/** @param raw the settings below `cache` */
export function withoutEffectOnCache(raw: Record<string, unknown>): string[] {
  const errors: string[] = [];
  if (raw.bucket !== undefined && raw.enabled === false) {
    errors.push("cache.bucket: has no effect, as cache.enabled is false");
  }
  if (raw.multipart === true && raw.enabled === false) {
    errors.push("cache.multipart: has no effect, as cache.enabled is false");
  }
  if (raw.bucket !== undefined && raw.expiryDays !== undefined) {
    errors.push("cache.expiryDays: has no effect beside cache.bucket, whose lifecycle rules are its owner's");
  }
  if (raw.bucket === undefined && raw.region !== undefined) {
    errors.push("cache.region: has no effect without cache.bucket, as the stack's own bucket is in the stack's region");
  }
  return errors;
}
