/** Pipelines during which something goes wrong, at a moment that the job's own log names. */
import { readFileSync, readdirSync } from "node:fs";
import { cancelJob, listTasks, putFault, streamPipeline } from "../../sandbox/control/client";
import type { RunResult } from "../../sandbox/control/protocol";
import { scratch } from "./sandbox";

export { cancelJob, listTasks, putFault };

/**
 * Runs the pipeline and calls `act` once for each marker, when a job's log first holds it. The marker must not stand in
 * the script as it is, as the log shows the script: "mark-""er" prints marker.
 */
export async function runWith(
  text: string,
  acts: Record<string, (job: { id: number; name: string }) => Promise<unknown>>,
  group = "acme/backend",
): Promise<RunResult & { failed: boolean }> {
  const folder = scratch();
  const logs = new Map<string, string>();
  const ids = new Map<string, number>();
  const pending = new Map(Object.entries(acts));
  const acting: Promise<unknown>[] = [];
  try {
    for await (const event of streamPipeline({ group, ciFile: folder.file("pipeline.yml", text) })) {
      if (event.type === "error") throw new Error(event.message);
      if (event.type === "job") ids.set(event.name, event.id);
      if (event.type === "trace") {
        logs.set(event.name, (logs.get(event.name) ?? "") + event.chunk);
        for (const [marker, act] of pending) {
          if (!logs.get(event.name)!.includes(marker)) continue;
          pending.delete(marker);
          acting.push(act({ id: ids.get(event.name)!, name: event.name }));
        }
      }
      if (event.type === "result") {
        await Promise.all(acting);
        if (pending.size > 0) {
          const all = [...logs.values()].join("\n");
          throw new Error(`no log held ${[...pending.keys()].join(", ")}:\n${all}`);
        }
        return { ...event.result, failed: event.failed };
      }
    }
    throw new Error("the pipeline's events ended without a result");
  } finally {
    folder.remove();
  }
}

/** The ARN of the one task that runs. */
export async function runningTask(): Promise<string> {
  const running = (await listTasks()).filter(({ lastStatus }) => lastStatus === "RUNNING");
  if (running.length !== 1) throw new Error(`${running.length} tasks run`);
  return running[0].taskArn;
}

/** The sandbox's driver processes of a call ("prepare", "run", "cleanup"): hosts' processes are this machine's too. */
export function driverProcesses(call: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [program, ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return program === "/opt/gitlab-runner/fargate" && args.includes(call);
      } catch {
        return false; // gone meanwhile
      }
    })
    .map(Number);
}
