/** ListTasks: filters and pages. */
import { AwsError } from "../protocol";
import type { Task } from "./task";

export interface ListTasksRequest {
  cluster?: string;
  containerInstance?: string;
  serviceName?: string;
  desiredStatus?: string;
  family?: string;
  startedBy?: string;
  launchType?: string;
  maxResults?: number;
  nextToken?: string;
}

/**
 * Beside startedBy there may be no other filter: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
 * ECS lets desiredStatus pass, or did (Apache Airflow sends both); here it does not.
 *
 * @param tasks those of the request's cluster
 * @throws AwsError InvalidParameterException
 */
export function listTasks(tasks: Task[], request: ListTasksRequest): { taskArns: string[]; nextToken?: string } {
  const { containerInstance, serviceName, family, startedBy, launchType, maxResults = 100, nextToken } = request;
  const others = [containerInstance, request.desiredStatus, family, launchType, serviceName];
  if (startedBy !== undefined && others.some((filter) => filter !== undefined)) {
    throw new AwsError("InvalidParameterException", "cannot specify startedBy with other arguments");
  }
  const { desiredStatus = "RUNNING" } = request;
  const arns = tasks
    // No service, and no instance of one's own, has tasks here.
    .filter(() => serviceName === undefined && containerInstance === undefined)
    .filter((task) => task.desiredState === desiredStatus)
    .filter((task) => family === undefined || task.definition.family === family)
    .filter((task) => startedBy === undefined || task.startedBy === startedBy)
    .filter(() => launchType === undefined || launchType === "FARGATE")
    .map((task) => task.arn);
  const from = Number(nextToken ?? 0);
  const to = from + maxResults;
  return { taskArns: arns.slice(from, to), nextToken: to < arns.length ? String(to) : undefined };
}
