/** ListTasks: filters and pages. */
import type { Task } from "./task";

export interface ListTasksRequest {
  cluster?: string;
  desiredStatus?: string;
  family?: string;
  startedBy?: string;
  launchType?: string;
  maxResults?: number;
  nextToken?: string;
}

/** @param tasks those of the request's cluster */
export function listTasks(
  tasks: Task[],
  { desiredStatus = "RUNNING", family, startedBy, launchType, maxResults = 100, nextToken }: ListTasksRequest,
): { taskArns: string[]; nextToken?: string } {
  const arns = tasks
    .filter((task) => task.desiredState === desiredStatus)
    .filter((task) => family === undefined || task.definition.family === family)
    .filter((task) => startedBy === undefined || task.startedBy === startedBy)
    .filter(() => launchType === undefined || launchType === "FARGATE")
    .map((task) => task.arn);
  const from = Number(nextToken ?? 0);
  const to = from + maxResults;
  return { taskArns: arns.slice(from, to), nextToken: to < arns.length ? String(to) : undefined };
}
