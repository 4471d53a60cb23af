/** The sandbox's Fargate tasks. */
import type { TaskView } from "../../sandbox/aws";
import { listTasks } from "../../sandbox/control/client";

export { listTasks };

/** Tasks that have not stopped. */
export const liveTasks = async () => (await listTasks()).filter(({ lastStatus }) => lastStatus !== "STOPPED");

export const runningTasks = async () => (await listTasks()).filter(({ lastStatus }) => lastStatus === "RUNNING");

/** The ARN of the one task that runs. */
export async function runningTask(): Promise<string> {
  const running = await runningTasks();
  if (running.length !== 1) throw new Error(`${running.length} tasks run`);
  return running[0].taskArn;
}

/** The id of the task that a job ran in, as its log has it. */
export function taskIdOf({ trace }: { trace: string }): string {
  const [, id] = /Fargate task ([0-9a-f]{32}) runs,/.exec(trace) ?? [];
  if (!id) throw new Error(`no task is named in\n${trace}`);
  return id;
}

/** The task that a job ran in. */
export async function taskOf(job: { trace: string }): Promise<TaskView> {
  const id = taskIdOf(job);
  const task = (await listTasks()).find(({ taskArn }) => taskArn.endsWith(`/${id}`));
  if (!task) throw new Error(`ECS knows no task ${id}`);
  return task;
}
