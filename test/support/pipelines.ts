/** Pipelines on the sandbox's GitLab, with something done at a moment that a job's own log names. */
import { streamPipeline } from "../../sandbox/control/client";
import type { PipelineEvent, RunResult } from "../../sandbox/control/protocol";
import { cacheFailures } from "./caches";
import { scratch } from "./scratch";

/** `exitCode`: what `npm run sandbox -- run` ends with. */
export type PipelineResult = RunResult & { exitCode: number };

interface Watched {
  id: number;
  name: string;
}

/** Runs a pipeline given as text. @throws with GitLab's words where the file is refused */
export const runCi = (text: string, group?: string): Promise<PipelineResult> => runWith(text, {}, group);

/**
 * Runs the pipeline and calls `act` once for each marker, when a job's log first holds it. The marker must not stand in
 * the script as it is, as the log shows the script: "mark-""er" prints marker. An act that fails cancels the pipeline.
 * A cache that does not work fails the test, as it fails no job, unless `brokenCache` is true.
 */
export async function runWith(
  text: string,
  acts: Record<string, (job: Watched) => Promise<unknown>>,
  group = "acme/backend",
  { brokenCache = false } = {},
): Promise<PipelineResult> {
  const pending = new Map(Object.entries(acts));
  const acting: Promise<unknown>[] = [];
  const logs = new Map<string, string>();
  const giveUp = new AbortController();
  const acted = () => Promise.all(acting);
  try {
    for await (const event of watch(text, group, logs, giveUp.signal)) {
      if (event.type === "result") {
        await acted();
        if (!brokenCache) refuseCacheFailures(event.result);
        if (pending.size === 0) return { ...event.result, exitCode: Number(event.failed) };
        throw new Error(`no log held ${[...pending.keys()].join(", ")}:\n${[...logs.values()].join("\n")}`);
      }
      for (const [marker, act] of pending) {
        if (!logs.get(event.job.name)!.includes(marker)) continue;
        pending.delete(marker);
        const done = act(event.job);
        done.catch(() => giveUp.abort());
        acting.push(done);
      }
    }
  } catch (error) {
    if (giveUp.signal.aborted) await acted();
    throw error;
  }
  throw new Error("the pipeline's events ended without a result");
}

function refuseCacheFailures({ jobs }: RunResult): void {
  for (const { name, trace } of jobs) {
    const [first] = cacheFailures(trace);
    if (first) throw new Error(`the cache of job ${name} does not work (${first.trim()}):\n${trace}`);
  }
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
  signal?: AbortSignal,
): AsyncGenerator<{ type: "log"; job: Watched } | (PipelineEvent & { type: "result" })> {
  const folder = scratch();
  const ids = new Map<string, number>();
  try {
    for await (const event of streamPipeline({ group, ciFile: folder.file("pipeline.yml", text) }, signal)) {
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

/**
 * A job's log without the breaks that the runner makes where what it has just read ends within a line, if that is long or
 * has a carriage return: the next entry goes on with it, which its "+" says (common/buildlogger/internal/timestamper).
 */
export const withoutBreaks = (trace: string): string => trace.replaceAll(/\n\S+Z [0-9a-f]{2}[OE]\+/g, "");

/** What a job's script wrote, line by line, without the runner's time stamps and without what the runner wrote. */
export function scriptLines(trace: string): string[] {
  return [...trace.matchAll(/^\S+Z \d\d[OE] (.*)$/gm)].map(([, line]) => line.replaceAll(/\x1b\[[0-9;]*[mK]/g, ""));
}
