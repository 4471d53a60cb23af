/** How long a job waits, from GitLab handing it out to its first line, against the least that a task takes. */
import { DescribeTasksCommand } from "@aws-sdk/client-ecs";
import { listTasks, streamPipeline } from "../../sandbox/control/client";
import { demoGroup } from "../../sandbox/demo-run";
import type { Section } from "../lib/benchmark";
import { against, plainly } from "../lib/report";
import { interleave } from "../lib/rounds";
import type { Bed } from "./bed";
import { createFloor } from "./floor";
import { withSlowStart } from "./slow-start";
import { reached, type Start } from "./start";
import { withTimedCalls, type Call } from "./timed-calls";
import { lineAt } from "./trace-time";

const marker = "the-first-line";
/** The log shows the command, too: the marker must not stand in it as it is. */
const pipeline = `job:\n  variables: {GIT_STRATEGY: none}\n  script: ['echo the-first-""line']\n`;

export async function jobStart(bed: Bed, rounds: number): Promise<Section> {
  const ciFile = bed.file("pipeline.yml", pipeline);
  const samples = await withTimedCalls((take) => {
    const job = async () => {
      const start = await throughGitLab(bed, ciFile);
      return { ...start, ...partsOf(start, await take()) };
    };
    const contestants = { job, floor: createFloor(bed) };
    return withSlowStart(() => interleave(contestants, { rounds, signal: bed.signal }));
  });
  const of = (part: keyof JobStart) => samples.job.map((start) => start[part]);
  const floorOf = (part: keyof Start) => samples.floor.map((start) => start[part]);
  return {
    title: "From handing the job out to its script's first line, through GitLab and gitlab-runner",
    measurements: [
      against("handed out → first line", "ms", of("total"), {
        name: "RunTask → plain ssh done",
        values: floorOf("total"),
      }),
      plainly("  handed out → RunTask", "ms", of("toTask")),
      against("  RunTask → RUNNING", "ms", of("toRunning"), { name: "the same", values: floorOf("toRunning") }),
      against("  RUNNING → first line", "ms", of("toFirstLine"), {
        name: "RUNNING → plain ssh done",
        values: floorOf("toFirstLine"),
      }),
      plainly("    of which prepare", "ms", of("prepare")),
      plainly("    of which run, of the stages before", "ms", of("before")),
      plainly("    of which run, until the first line", "ms", of("script")),
      plainly("    of which gitlab-runner, between the calls", "ms", of("between")),
    ],
    notes: [
      "A task takes some five seconds to start here, so that the driver's probes begin before ECS calls it RUNNING.",
      "Before the first line, gitlab-runner makes four calls: config, prepare, and run for prepare_script and get_sources.",
    ],
  };
}

/** What the time from RUNNING to the first line is made of, in ms. */
interface Parts {
  /** Until `prepare` ends: it looks at the task, connects and brings ci-agent. */
  prepare: number;
  /** The calls of `run` that end before it: gitlab-runner's own scripts. */
  before: number;
  /** The job's script, as far as the line. */
  script: number;
  /** The rest, in which no driver runs. */
  between: number;
}

type JobStart = Start & Parts;

function partsOf({ runningAt, toFirstLine }: Start, calls: Call[]): Parts {
  const firstLine = runningAt + toFirstLine;
  const sumOf = (kind: string, which: (call: Call) => boolean) =>
    calls
      .filter((call) => call.stage.split(" ")[0] === kind && which(call))
      .reduce((sum, { begin, end }) => sum + Math.min(end, firstLine) - Math.max(begin, runningAt), 0);
  const prepare = sumOf("prepare", () => true);
  const before = sumOf("run", ({ end }) => end <= firstLine);
  const script = sumOf("run", ({ begin, end }) => begin <= firstLine && end > firstLine);
  return { prepare, before, script, between: toFirstLine - prepare - before - script };
}

/** One pipeline with one job. */
async function throughGitLab({ ecs, deployed, signal }: Bed, ciFile: string): Promise<Start> {
  let begin: number | undefined;
  let id: number | undefined;
  for await (const event of streamPipeline({ group: demoGroup, ciFile }, signal)) {
    if (event.type === "error") throw new Error(event.message);
    if (event.type === "job" && event.status === "running") {
      begin ??= Date.now();
      ({ id } = event);
    }
    if (event.type !== "result") continue;
    const [{ trace }] = event.result.jobs;
    if (event.failed || begin === undefined) throw new Error(`the job failed:\n${trace}`);
    const task = (await listTasks()).find(({ startedBy }) => startedBy?.includes(`/job-${id}/`));
    if (!task) throw new Error(`no task was started for job ${id}`);
    const { Cluster: cluster } = deployed.fargateToml.Fargate as { Cluster: string };
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: [task.taskArn] }));
    return reached(begin, tasks![0], lineAt(trace, marker));
  }
  throw new Error("the pipeline's events ended without a result");
}
