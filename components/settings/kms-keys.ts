/** The schema of the KMS keys that encrypt what the stack keeps. */
import { z } from "zod";

const example = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

const keyArn = z
  .string()
  .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, "not the ARN of a KMS key");

export const kmsKeyArn = keyArn.optional().meta({
  description:
    "ARN of a KMS key that encrypts all that the stack keeps: cache, job image, the hosts' root volumes, logs, alarm " +
    "topic. Its policy has to let CloudWatch Logs and CloudWatch's alarms use it. Another one replaces the image's " +
    "repository and the hosts.",
  default: "the services' own encryption",
  example,
});

export const logsKey = keyArn.optional().meta({
  description: "ARN of another KMS key for the logs; its policy has to let CloudWatch Logs use it.",
  default: "`kmsKeyArn`; without it CloudWatch's own encryption",
  example,
});

export const cacheKey = keyArn.optional().meta({
  description: "ARN of the KMS key that encrypts the cache, instead of `kmsKeyArn`.",
  default: "`kmsKeyArn`; none for `cache.bucket`",
  example,
});
