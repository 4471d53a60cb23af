/** What the provider is told of a bucket that it makes with tags, which moto would forget. */
import type { IncomingMessage } from "node:http";
import { AwsError } from "../../sandbox/aws/protocol";
import type { Gate } from "../../sandbox/aws/iam/gate";

/** Refuses it as to one who may not tag yet: the provider then tags the bucket when it is there. */
export const refuseTaggedBuckets: Gate = async (request, readBody) => {
  if (!makesBucket(request)) return {};
  const body = await readBody();
  if (!body.includes("<Tags>")) return { body };
  throw new AwsError("AccessDenied", "The test is not authorized to perform: s3:TagResource", 403);
};

const makesBucket = ({ method, url }: IncomingMessage) => method === "PUT" && /^\/[^/?]+\/?$/.test(url ?? "");
