/**
 * What a request to S3 needs, by method and subresource; buckets stand in the path.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
import type { IncomingHttpHeaders } from "node:http";
import { AwsError } from "../protocol";
import type { Permission } from "./evaluate";

/** Subresources that only choose how something is answered; "x-id" is what SDKs add to tell operations apart. */
const harmless =
  /^(x-amz-.*|x-id|response-.*|list-type|prefix|delimiter|max-keys|continuation-token|start-after|fetch-owner|encoding-type|marker|partNumber)$/i;

export interface S3Permissions {
  needed: Permission[];
  /** Without it an object that does not exist is answered with 403 in the place of 404. */
  toSeeAbsence?: Permission;
}

/** Headers that are condition keys, too, of s3:PutObject. */
const keys = ["x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"];

/** None for a request of which the sandbox does not know what it needs. */
export function s3PermissionsIfKnown(...request: Parameters<typeof s3Permissions>): Permission[] {
  try {
    return s3Permissions(...request).needed;
  } catch {
    return [];
  }
}

/** @throws AwsError for a request of which the sandbox does not know what it needs */
export function s3Permissions(method: string, url: string, headers: IncomingHttpHeaders = {}): S3Permissions {
  // As it stands: URL would resolve "..", which a key may hold.
  const [path = "", query = ""] = url.split("?", 2);
  const searchParams = new URLSearchParams(query);
  const [bucket = "", ...rest] = decodeURIComponent(path.slice(1)).split("/");
  const key = rest.join("/");
  const subresources = [...searchParams.keys()].filter((name) => !harmless.test(name));
  const operation = [method === "HEAD" ? "GET" : method, key === "" ? "bucket" : "object", ...subresources].join(" ");
  const action = actions[operation];
  if (bucket === "" || !action) {
    throw new AwsError("NotImplemented", `The sandbox does not know what S3's ${operation} needs.`, 501);
  }
  const bucketArn = `arn:aws:s3:::${bucket}`;
  const permission = (name: string, resource: string, context = {}): Permission => ({
    action: name,
    resource,
    context,
  });
  if (operation === "POST bucket delete") {
    // Its body names objects and versions; to delete any of them is to be allowed.
    return { needed: ["s3:DeleteObject", "s3:DeleteObjectVersion"].map((name) => permission(name, `${bucketArn}/*`)) };
  }
  const told = Object.fromEntries(keys.flatMap((name) => (name in headers ? [[`s3:${name}`, headers[name]]] : [])));
  if (key === "") {
    const prefix = searchParams.get("prefix");
    return { needed: [permission(action, bucketArn, prefix === null ? {} : { "s3:prefix": prefix })] };
  }
  return {
    needed: [permission(action, `${bucketArn}/${key}`, action === "s3:PutObject" ? told : {})],
    ...(action === "s3:GetObject" && { toSeeAbsence: permission("s3:ListBucket", bucketArn) }),
  };
}

/** To delete a setting is to put it, but for policies. */
function setting(subresource: string, name: string): Record<string, string> {
  return {
    [`GET bucket ${subresource}`]: `s3:Get${name}`,
    [`PUT bucket ${subresource}`]: `s3:Put${name}`,
    [`DELETE bucket ${subresource}`]: `s3:Put${name}`,
  };
}

export const actions: Record<string, string> = {
  "GET object": "s3:GetObject",
  "PUT object": "s3:PutObject",
  "PUT object uploadId": "s3:PutObject",
  "POST object uploads": "s3:PutObject",
  "POST object uploadId": "s3:PutObject",
  "DELETE object uploadId": "s3:AbortMultipartUpload",
  "GET object uploadId": "s3:ListMultipartUploadParts",
  "DELETE object": "s3:DeleteObject",
  "PUT bucket": "s3:CreateBucket",
  "DELETE bucket": "s3:DeleteBucket",
  "POST bucket delete": "s3:DeleteObject",
  "GET bucket versions": "s3:ListBucketVersions",
  ...setting("tagging", "BucketTagging"),
  ...setting("policy", "BucketPolicy"),
  "DELETE bucket policy": "s3:DeleteBucketPolicy",
  ...setting("publicAccessBlock", "BucketPublicAccessBlock"),
  ...setting("ownershipControls", "BucketOwnershipControls"),
  ...setting("encryption", "EncryptionConfiguration"),
  ...setting("lifecycle", "LifecycleConfiguration"),
  "GET bucket": "s3:ListBucket",
  "GET bucket location": "s3:GetBucketLocation",
  "GET bucket uploads": "s3:ListBucketMultipartUploads",
};
