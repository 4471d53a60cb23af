/**
 * S3 bucket policies in front of moto, which applies their statements without looking at conditions: a policy that
 * denies what does not come over TLS would deny everything. Policies are kept here as they were put; moto gets the
 * statements that have no condition.
 *
 * Limit: statements with a condition are not applied at all. The sandbox's own endpoint is plain HTTP on this machine.
 */
import { AwsError } from "../protocol";

export interface PolicyAnswer {
  /** The answer, when moto is not asked. */
  stored?: string;
  /** What moto gets in the place of the body. */
  forward?: Buffer;
}

interface PolicyDocument {
  Statement?: { Condition?: unknown }[] | { Condition?: unknown };
}

/** The bucket of a path-style request for `?policy`, undefined for every other request. */
export function policyBucket(url: string): string | undefined {
  const { pathname, searchParams } = new URL(url, "http://s3");
  const [bucket, ...key] = pathname.slice(1).split("/");
  return searchParams.has("policy") && bucket !== "" && key.join("") === "" ? bucket : undefined;
}

export class BucketPolicies {
  private readonly policies = new Map<string, string>();

  /** @throws AwsError when the policy is not JSON */
  handle(method: string, bucket: string, body: Buffer): PolicyAnswer {
    if (method === "GET") return { stored: this.policies.get(bucket) };
    if (method === "DELETE") this.policies.delete(bucket);
    if (method !== "PUT") return { forward: body };
    const document = parse(body);
    this.policies.set(bucket, body.toString());
    const statements = [document.Statement ?? []].flat().filter(({ Condition }) => Condition === undefined);
    return { forward: Buffer.from(JSON.stringify({ ...document, Statement: statements })) };
  }
}

function parse(body: Buffer): PolicyDocument {
  try {
    return JSON.parse(body.toString()) as PolicyDocument;
  } catch {
    throw new AwsError("MalformedPolicy", "Policies must be valid JSON.", 400);
  }
}
