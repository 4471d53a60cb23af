/** `npm start`: the whole way from nothing to a finished pipeline and back to nothing. */
import * as path from "node:path";
import type { RunResult } from "./control/protocol";
import { deploy, pageLine, prepare, startDaemon, takeDown } from "./lifecycle";
import { requireNone } from "./presence";
import { say, UserError } from "./report";
import { runPipelineFile } from "./run";
import { timed } from "./steps";
import { whatIsLeft } from "./world";

export const demoFile = path.join(__dirname, "demo", ".gitlab-ci.yml");
export const demoGroup = "acme/backend";
/** The job that the demo cancels from GitLab, once its log holds this. */
export const demoCancel = { cancelled: "waiting to be cancelled" };

interface End {
  status: string;
  /** null: any. */
  exit_code: number | null;
  /** What the job is meant to do, in words. */
  meant: string;
}

const succeeds: End = { status: "success", exit_code: 0, meant: "succeed" };

/** Jobs of the demo that do not simply succeed. */
const expected: Record<string, End> = {
  "exit-42": { status: "failed", exit_code: 42, meant: "fail with exit code 42, and may" },
  cancelled: { status: "canceled", exit_code: null, meant: "be cancelled, from GitLab" },
};

const expectedOf = (name: string): End => expected[name] ?? succeeds;

export async function runDemo(signal: AbortSignal): Promise<void> {
  await requireNone();
  const tools = await prepare(signal);
  const complaints: string[] = [];
  try {
    const status = await startDaemon({ tools, lease: true, signal });
    say(pageLine(status));
    await deploy(status, signal);
    const result = await timed({ done: "sandbox: pipeline ended" }, () =>
      runPipelineFile(demoFile, {
        group: demoGroup,
        cancelAt: demoCancel,
        meant: (name) => expectedOf(name).meant,
        signal,
      }),
    );
    complaints.push(...unexpected(result));
  } finally {
    await takeDown();
  }
  const left = whatIsLeft();
  if (left.length > 0) complaints.push(`left on this machine: ${left.join(", ")}`);
  if (complaints.length > 0) throw new UserError(complaints.join("\n"));
  const others = Object.entries(expected).map(([name, { meant }]) => `${name} was meant to ${meant}`);
  say(
    `Every job ended as it was meant to (${others.join("; ")}), and nothing of the sandbox is left. ` +
      "Warnings above that are part of every good run: sandbox/demo/README.md",
  );
}

/** What went otherwise than the demo's file says, in sentences. */
export function unexpected({ jobs, tasks }: RunResult): string[] {
  const complaints = jobs.flatMap((job) => {
    const want = expectedOf(job.name);
    const statusRight = job.status === want.status;
    const codeRight = want.exit_code === null || want.exit_code === 0 || job.exit_code === want.exit_code;
    if (statusRight && codeRight) return [];
    return [`job ${job.name}: ${job.status} (exit code ${job.exit_code}), expected ${want.status} (${want.exit_code})`];
  });
  if (jobs.length === 0) complaints.push("the pipeline had no jobs");
  if (tasks.running > 0) complaints.push(`${tasks.running} Fargate tasks still run`);
  if (tasks.started !== jobs.length) complaints.push(`${tasks.started} tasks were started for ${jobs.length} jobs`);
  return complaints;
}
