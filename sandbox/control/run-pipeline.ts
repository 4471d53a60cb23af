/** Runs one pipeline on the GitLab stand-in and counts the Fargate tasks that it took. */
import * as path from "node:path";
import type { Aws } from "../aws";
import type { GitLab } from "../gitlab";
import type { PipelineEvent, PipelineRequest, TaskCounts } from "./protocol";

/** How long the last job's cleanup may take to stop its task after the pipeline has ended, in ms. */
const settleTimeout = 60_000;

export async function runPipeline(options: {
  aws: Aws;
  gitlab: GitLab;
  request: PipelineRequest;
  emit: (event: PipelineEvent) => void;
  signal: AbortSignal;
}): Promise<void> {
  const { aws, gitlab, request, emit, signal } = options;
  const before = new Set(aws.tasks.list().map((task) => task.taskArn));
  const own = () => aws.tasks.list().filter((task) => !before.has(task.taskArn));

  const pipeline = await gitlab.createPipeline({
    groupPath: request.group,
    ciFile: request.ciFile,
    sourceDir: path.dirname(request.ciFile),
    variables: request.variables,
    mergeRequest: request.mergeRequest,
  });
  pipeline.events.on("job", ({ id, name, status }) => emit({ type: "job", id, name, status }));
  pipeline.events.on("stuck", ({ name }, message: string) => emit({ type: "stuck", name, message }));
  pipeline.events.on("trace", (name: string, chunk: string) => emit({ type: "trace", name, chunk }));
  for (const { id, name, status } of pipeline.jobs) emit({ type: "job", id, name, status });
  signal.addEventListener("abort", () => void pipeline.cancel());

  const { jobs, status } = await pipeline.done;
  const torn = pipeline.jobs.find(({ failureReason }) => failureReason === "data_integrity_failure");
  if (torn) throw new Error(`GitLab's log of job ${torn.name} is not what its runner sent`);
  await settled(aws, () => own().every((task) => task.lastStatus === "STOPPED"));
  const running = own().filter((task) => task.lastStatus !== "STOPPED").length;
  const tasks: TaskCounts = { started: own().length, stopped: own().length - running, running };
  emit({ type: "result", failed: status !== "success", result: { jobs, tasks } });
}

function settled(aws: Aws, quiet: () => boolean): Promise<void> {
  if (quiet()) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      aws.tasks.off("change", check);
      resolve();
    };
    const check = () => quiet() && finish();
    const timer = setTimeout(finish, settleTimeout);
    aws.tasks.on("change", check);
  });
}
