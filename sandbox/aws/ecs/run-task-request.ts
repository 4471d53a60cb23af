/** What ECS refuses in a RunTask request before it starts anything. */
import { AwsError } from "../protocol";
import type { RunTaskRequest, Tag, TaskDefinition } from "./types";

/** Limits: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html */
const maxCount = 10;
const maxOverrides = 8192;

/** @throws AwsError InvalidParameterException or ClientException */
export function validateRunTask(request: RunTaskRequest, definition: TaskDefinition): void {
  const { count = 1, clientToken, startedBy, overrides = {} } = request;
  // ECS may start tasks of a revision for ten minutes after it was deregistered; here that ends at once.
  if (definition.status === "INACTIVE") throw new AwsError("ClientException", "TaskDefinition is inactive");
  if (!Number.isInteger(count) || count < 1 || count > maxCount) {
    throw invalid(`Count must be between 1 and ${maxCount}.`);
  }
  if (clientToken !== undefined && !/^[\x21-\x7e]{1,64}$/.test(clientToken)) {
    throw invalid("Client token must be 1 to 64 ASCII characters in the range of 33-126.");
  }
  if (startedBy !== undefined && !/^[A-Za-z0-9_/-]{1,128}$/.test(startedBy)) {
    throw invalid("startedBy must be up to 128 letters, numbers, hyphens, forward slashes and underscores.");
  }
  if (JSON.stringify(overrides).length > maxOverrides) {
    throw invalid(`Overrides length must be at most ${maxOverrides}`);
  }
  const names = definition.containerDefinitions.map((container) => container.name);
  for (const { name } of overrides.containerOverrides ?? []) {
    if (!names.includes(name)) {
      throw invalid(`Override for container named ${name} is not a container in the TaskDefinition.`);
    }
  }
  if (definition.networkMode !== "awsvpc") {
    throw invalid("Task definition does not support launch_type FARGATE: its network mode is not awsvpc.");
  }
  if ((request.networkConfiguration?.awsvpcConfiguration?.subnets ?? []).length === 0) {
    throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  }
  validateTags(request.tags ?? []);
  for (const { dependsOn = [], name } of definition.containerDefinitions) {
    for (const { condition } of dependsOn) {
      if (condition === "HEALTHY") {
        // Health checks are not run here; waiting for one would hang the task.
        throw new AwsError("ClientException", `The sandbox runs no health checks: ${name} cannot wait for HEALTHY.`);
      }
    }
  }
}

const tagText = "\\p{L}\\p{Z}\\p{N}_.:/=+\\-@";
const tagKey = new RegExp(`^[${tagText}]{1,128}$`, "u");
const tagValue = new RegExp(`^[${tagText}]{0,256}$`, "u");

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html */
function validateTags(tags: readonly Tag[]): void {
  if (tags.length > 50) throw invalid("A task can have at most 50 tags.");
  for (const { key, value = "" } of tags) {
    if (/^aws:/i.test(key)) throw invalid("Tag keys starting with 'aws:' are reserved for internal use.");
    if (tagKey.test(key) && tagValue.test(value)) continue;
    throw invalid(`Tag ${JSON.stringify(key)}: keys and values must match the pattern [${tagText}].`);
  }
}

const invalid = (message: string) => new AwsError("InvalidParameterException", message);
