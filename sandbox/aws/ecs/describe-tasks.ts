/** DescribeTasks: up to a hundred tasks, by ARN or id. */
import { AwsError } from "../protocol";
import { describeTask } from "./describe-task";
import type { Task } from "./task";
import type { Failure } from "./types";

export interface DescribeTasksRequest {
  cluster?: string;
  tasks?: string[];
  include?: string[];
}

/**
 * @param find a task of the request's cluster
 * @throws AwsError InvalidParameterException
 */
export async function describeTasks(
  { tasks = [], include = [] }: DescribeTasksRequest,
  find: (id: string) => Promise<Task | undefined>,
): Promise<{ tasks: object[]; failures: Failure[] }> {
  if (tasks.length === 0) throw new AwsError("InvalidParameterException", "Tasks cannot be empty.");
  if (tasks.length > 100) throw new AwsError("InvalidParameterException", "Tasks must have at most 100 elements.");
  const found: object[] = [];
  const failures: Failure[] = [];
  for (const id of tasks) {
    const task = await find(id);
    if (task) found.push(describeTask(task, { tags: include.includes("TAGS") }));
    else failures.push({ arn: id, reason: "MISSING" });
  }
  return { tasks: found, failures };
}
