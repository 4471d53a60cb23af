/** What ECS refuses in a RunTask request before it starts anything, besides what its model says (models/). */
import { AwsError } from "../protocol";
import { problems } from "./register-task-definition";
import type { RunTaskRequest, TaskDefinition } from "./types";

/** Limit: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html */
const maxOverrides = 8192;

/** @throws AwsError InvalidParameterException or ClientException */
export function validateRunTask(request: RunTaskRequest, definition: TaskDefinition): void {
  const { overrides = {} } = request;
  // ECS may start tasks of a revision for ten minutes after it was deregistered; here that ends at once.
  if (definition.status === "INACTIVE") throw new AwsError("ClientException", "TaskDefinition is inactive");
  if (JSON.stringify(overrides).length > maxOverrides) {
    throw invalid(`Container Overrides length must be at most ${maxOverrides}`);
  }
  const names = definition.containerDefinitions.map((container) => container.name);
  for (const { name } of overrides.containerOverrides ?? []) {
    if (!names.includes(name)) {
      throw invalid(`Override for container named ${name} is not a container in the TaskDefinition.`);
    }
  }
  const [problem] = problems(definition);
  if (problem !== undefined) throw invalid(`Task definition does not support launch_type FARGATE. (${problem})`);
  if ((request.networkConfiguration?.awsvpcConfiguration?.subnets ?? []).length === 0) {
    throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  }
}

const invalid = (message: string) => new AwsError("InvalidParameterException", message);
