/** What calls of all other services need: the action, and its resource where the sandbox's stack names one. */
import { accountId, region } from "../../config";
import type { Permission } from "./evaluate";

/** Services whose actions are prefixed otherwise than their signatures say. */
const prefixes: Record<string, string> = { monitoring: "cloudwatch" };

/** @param body the request's parameters as an object */
export function permissionsOf(service: string, operation: string, body: Record<string, unknown>): Permission[] {
  const action = `${prefixes[service] ?? service}:${operation}`;
  // Needs no permission (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
  if (action === "sts:GetCallerIdentity") return [];
  return [{ action, resource: resourceOf(action, body), context: contextOf(action, body) }];
}

const text = (value: unknown) => (typeof value === "string" ? value : "");

function resourceOf(action: string, body: Record<string, unknown>): string {
  const { logGroupName, logStreamName, repositoryName } = body;
  if (action.startsWith("logs:") && logGroupName !== undefined) {
    return logArn(text(logGroupName), text(logStreamName));
  }
  if (action.startsWith("ecr:") && repositoryName !== undefined) {
    return `arn:aws:ecr:${region}:${accountId}:repository/${text(repositoryName)}`;
  }
  return "*";
}

const contextOf = (action: string, { Namespace }: Record<string, unknown>) =>
  action === "cloudwatch:PutMetricData" ? { "cloudwatch:namespace": text(Namespace) } : ({} as Record<string, string>);

/** A log stream's ARN, also where the stream does not exist yet. */
export const logArn = (group: string, stream: string): string =>
  `arn:aws:logs:${region}:${accountId}:log-group:${group}:log-stream:${stream}`;
