/** Pipelines during which something goes wrong, at a moment that the job's own log names. */
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { cancelJob, listTasks, putFault, streamPipeline } from "../../sandbox/control/client";
import type { PipelineEvent, RunResult } from "../../sandbox/control/protocol";
import { scratch } from "./sandbox";

export { cancelJob, listTasks, putFault };

interface Watched {
  id: number;
  name: string;
}

/**
 * Runs the pipeline and calls `act` once for each marker, when a job's log first holds it. The marker must not stand in
 * the script as it is, as the log shows the script: "mark-""er" prints marker.
 */
export async function runWith(
  text: string,
  acts: Record<string, (job: Watched) => Promise<unknown>>,
  group = "acme/backend",
): Promise<RunResult & { failed: boolean }> {
  const pending = new Map(Object.entries(acts));
  const acting: Promise<unknown>[] = [];
  const logs = new Map<string, string>();
  for await (const event of watch(text, group, logs)) {
    if (event.type === "result") {
      await Promise.all(acting);
      if (pending.size === 0) return { ...event.result, failed: event.failed };
      throw new Error(`no log held ${[...pending.keys()].join(", ")}:\n${[...logs.values()].join("\n")}`);
    }
    for (const [marker, act] of pending) {
      if (!logs.get(event.job.name)!.includes(marker)) continue;
      pending.delete(marker);
      acting.push(act(event.job));
    }
  }
  throw new Error("the pipeline's events ended without a result");
}

/** Runs the pipeline until `act`, called when a job's log first holds the marker, is through; then gives it up. */
export async function abandonAt(text: string, marker: string, act: (job: Watched) => Promise<unknown>): Promise<void> {
  const logs = new Map<string, string>();
  for await (const event of watch(text, "acme/backend", logs)) {
    if (event.type === "result") throw new Error(`no log held ${marker}:\n${[...logs.values()].join("\n")}`);
    if (logs.get(event.job.name)!.includes(marker)) return void (await act(event.job));
  }
}

/** A pipeline's pieces of log and its result; `logs` collects the former by the job's name. */
async function* watch(
  text: string,
  group: string,
  logs: Map<string, string>,
): AsyncGenerator<{ type: "log"; job: Watched } | (PipelineEvent & { type: "result" })> {
  const folder = scratch();
  const ids = new Map<string, number>();
  try {
    for await (const event of streamPipeline({ group, ciFile: folder.file("pipeline.yml", text) })) {
      if (event.type === "error") throw new Error(event.message);
      if (event.type === "result") yield event;
      if (event.type === "job") ids.set(event.name, event.id);
      if (event.type === "trace") {
        logs.set(event.name, (logs.get(event.name) ?? "") + event.chunk);
        yield { type: "log", job: { id: ids.get(event.name)!, name: event.name } };
      }
    }
  } finally {
    folder.remove();
  }
}

/** What a job's script wrote, line by line, without the runner's time stamps and without what the runner wrote. */
export function scriptLines(trace: string): string[] {
  return [...trace.matchAll(/^\S+Z \d\d[OE] (.*)$/gm)].map(([, line]) => line.replaceAll(/\x1b\[[0-9;]*[mK]/g, ""));
}

/** Resolves once the condition holds; for what nothing tells of. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await delay(100);
}

/** Tasks that have not stopped. */
export const liveTasks = async () => (await listTasks()).filter(({ lastStatus }) => lastStatus !== "STOPPED");

/** Tasks that start from now on are reached as they should be. */
export const calmSsh = () => putFault({ fault: "trouble-ssh", refused: 0, reset: 0, late: 0 });

/** The ARN of the one task that runs. */
export async function runningTask(): Promise<string> {
  const running = (await listTasks()).filter(({ lastStatus }) => lastStatus === "RUNNING");
  if (running.length !== 1) throw new Error(`${running.length} tasks run`);
  return running[0].taskArn;
}

/** The sandbox's processes whose arguments fit: hosts' and tasks' processes are this machine's too. */
export function processes(fits: (args: string[]) => boolean): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return fits(readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1));
      } catch {
        return false; // gone meanwhile
      }
    })
    .map(Number);
}

/** The driver's processes of a call: "prepare", "run", "cleanup". */
export const driverProcesses = (call: string): number[] =>
  processes(([program, ...args]) => program === "/opt/gitlab-runner/fargate" && args.includes(call));
