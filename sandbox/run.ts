/** `run` and the demo: one pipeline on the sandbox, its logs as they come, a table at the end. */
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { cancelJob, streamPipeline } from "./control/client";
import type { PipelineEvent, RunResult } from "./control/protocol";
import { prefixedLines, say, table, UserError } from "./report";

export interface RunOptions {
  group: string;
  /** Where to write the result as JSON. */
  json?: string;
  /** Jobs to cancel from GitLab, by name, once their log holds the marker. */
  cancelAt?: Record<string, string>;
  /** How each job is meant to end, by its name: a column of the table. */
  meant?: (name: string) => string;
  signal?: AbortSignal;
}

/** Runs the file's pipeline and resolves to its result and to whether GitLab calls it failed. */
export async function runPipelineFile(file: string, options: RunOptions): Promise<RunResult & { failed: boolean }> {
  const lines = prefixedLines(say);
  const ids = new Map<string, number>();
  const pending = new Map(Object.entries(options.cancelAt ?? {}));
  const seen = new Map<string, string>();
  let end: (PipelineEvent & { type: "result" }) | undefined;

  for await (const event of streamPipeline({ group: options.group, ciFile: path.resolve(file) }, options.signal)) {
    if (event.type === "error") throw new UserError(`${file}: ${event.message}`);
    if (event.type === "result") end = event;
    if (event.type === "job") {
      ids.set(event.name, event.id);
      if (event.status !== "created") say(`${event.name} : ${event.status}`);
    }
    if (event.type === "stuck") say(`${event.name} : ${event.message}`);
    if (event.type === "trace") {
      lines.add(event.name, event.chunk);
      const marker = pending.get(event.name);
      if (marker === undefined) continue;
      seen.set(event.name, (seen.get(event.name) ?? "") + event.chunk);
      if (!seen.get(event.name)!.includes(marker)) continue;
      pending.delete(event.name);
      say(`${event.name} : cancelling it from GitLab`);
      await cancelJob(ids.get(event.name)!);
    }
  }
  lines.end();
  if (!end) throw new Error("the sandbox went away before the pipeline ended");
  const { result, failed } = end;
  if (options.json) writeFileSync(options.json, JSON.stringify(result, null, 2) + "\n");
  say("\n" + summary(result, options.meant));
  return { ...result, failed };
}

function summary({ jobs, tasks }: RunResult, meant?: RunOptions["meant"]): string {
  const seconds = (value: number | null) => (value === null ? "-" : `${value.toFixed(1)} s`);
  const rows = jobs.map((job) => [
    job.name,
    job.status,
    job.exit_code === null ? "-" : String(job.exit_code),
    job.failure_reason ?? "-",
    seconds(job.queued_s),
    seconds(job.duration_s),
    ...(meant ? [meant(job.name)] : []),
  ]);
  const head = ["job", "status", "exit code", "failure reason", "queued", "duration", ...(meant ? ["meant to"] : [])];
  return `${table([head, ...rows])}\nFargate tasks: ${tasks.started} started, ${tasks.stopped} stopped, ${tasks.running} running`;
}
