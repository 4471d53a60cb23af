/**
 * What the policies of buckets refuse, whoever asks. What they allow counts for nothing: the caller's own policies have
 * to allow it, which is enough within an account.
 */
import { GetBucketPolicyCommand, type S3Client } from "@aws-sdk/client-s3";
import { AccessDenied, globalContext } from "../iam/authorizer";
import { effectsOf, type Permission } from "../iam/evaluate";
import { parsePolicy } from "../iam/policy";
import { administratorArn, statementsFor } from "../iam/trust";
import type { Principal } from "../iam/principal";

/** @throws AccessDenied, UnsupportedPolicy */
export type BucketPolicies = (caller: Principal | "administrator", needed: Permission[]) => Promise<void>;

export const createBucketPolicies =
  (s3: Pick<S3Client, "send">): BucketPolicies =>
  async (caller, needed) => {
    const who = caller === "administrator" ? { arn: administratorArn, roleArn: administratorArn } : caller;
    for (const { action, resource, context } of needed) {
      const Bucket = resource.slice("arn:aws:s3:::".length).split("/")[0];
      // A bucket that is not there has no policy; S3 says what is wrong with it.
      const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket })).catch(() => ({ Policy: undefined }));
      if (Policy === undefined) continue;
      const Statement = statementsFor(Policy, caller === "administrator" ? caller : { session: caller });
      const policy = parsePolicy(`of the bucket ${Bucket}`, JSON.stringify({ Statement }));
      const permission = { action, resource, context: { ...globalContext(who), ...context } };
      if (!effectsOf([policy], permission).has("Deny")) continue;
      throw new AccessDenied(
        `User: ${who.arn} is not authorized to perform: ${action} on resource: "${resource}" with an explicit ` +
          "deny in a resource-based policy",
      );
    }
  };
