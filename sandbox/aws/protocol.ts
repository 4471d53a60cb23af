/** The two wire protocols of which the front understands requests: JSON (ECS) and form-encoded (EC2). */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** An error as AWS services answer it. */
export class AwsError extends Error {
  constructor(
    /** AWS's name of it, e.g. InvalidParameterException. */
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

/** What was asked for is done, and its answer gets lost: the connection is cut instead, after `delay` milliseconds. */
export class LostAnswer extends Error {
  constructor(readonly delay: number) {
    super("the answer gets lost");
  }
}

const ecsTarget = "AmazonEC2ContainerServiceV20141113.";

/** The ECS action that a request names, if it is one. */
export function ecsAction(headers: IncomingHttpHeaders): string | undefined {
  const target = headers["x-amz-target"];
  return typeof target === "string" && target.startsWith(ecsTarget) ? target.slice(ecsTarget.length) : undefined;
}

const registryTarget = "AmazonEC2ContainerRegistry_V20150921.";
const registryActions = ["GetAuthorizationToken", "DescribePullThroughCacheRules"] as const;
export type RegistryAction = (typeof registryActions)[number];

/** The action of ECR that a request names, if it is one that the front answers. */
export const registryAction = (headers: IncomingHttpHeaders): RegistryAction | undefined =>
  registryActions.find((action) => headers["x-amz-target"] === registryTarget + action);

/** Whether a request is a form-encoded call of a service, whose name is in the signature's scope. */
export function isForm(service: string, { method, headers }: Pick<IncomingMessage, "method" | "headers">): boolean {
  return (
    method === "POST" &&
    (headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded") &&
    new RegExp(`Credential=[^,\\s]*/${service}/aws4_request`).test(headers.authorization ?? "")
  );
}

/** The numbered list of a form: ("InstanceId") of InstanceId.1=a&InstanceId.2=b is ["a", "b"]. */
export function formList(form: URLSearchParams, name: string): string[] {
  const values: string[] = [];
  for (let index = 1; form.has(`${name}.${index}`); index++) values.push(form.get(`${name}.${index}`)!);
  return values;
}

export const ec2ErrorBody = (error: Pick<AwsError, "code" | "message">): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>${xml(error.code)}</Code>` +
  `<Message>${xml(error.message)}</Message></Error></Errors><RequestID>sandbox</RequestID></Response>`;

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const xml = (text: string) => text.replace(/[&<>"]/g, (character) => entities[character]!);
