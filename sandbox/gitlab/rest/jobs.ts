/** Jobs and pipelines of a project: their state and logs; cancelling. */
import type { FastifyInstance } from "fastify";
import { notFound } from "../errors";
import type { Job, PipelineRecord } from "../model";
import { cancelJob } from "../pipeline/schedule";
import { compositeStatus } from "../pipeline/status";
import type { State } from "../state";
import { requireProject } from "./namespaces";
import { page } from "./pagination";

export function jobRestRoutes(server: FastifyInstance, state: State): void {
  const job = (params: unknown): Job => {
    const project = requireProject(state, params);
    const found = state.jobs.get(Number((params as { job: string }).job));
    if (found?.pipeline.project !== project) throw notFound();
    return found;
  };
  const pipeline = (params: unknown): PipelineRecord => {
    const project = requireProject(state, params);
    const found = state.pipelines.get(Number((params as { pipeline: string }).pipeline));
    if (found?.project !== project) throw notFound();
    return found;
  };
  server.get("/projects/:id/jobs/:job", async (request) => jobEntity(state, job(request.params)));
  server.get("/projects/:id/jobs/:job/trace", async (request, reply) =>
    reply.type("text/plain").send(job(request.params).trace.text()),
  );
  server.post("/projects/:id/jobs/:job/cancel", async (request, reply) => {
    const found = job(request.params);
    cancelJob(state, found);
    return reply.code(201).send(jobEntity(state, found));
  });
  server.get("/projects/:id/pipelines/:pipeline", async (request) => {
    const { id, iid, project, ref, sha, jobs, createdAt, mergeRequest } = pipeline(request.params);
    const status = compositeStatus(jobs.filter((other) => !other.retried));
    return {
      id,
      iid,
      project_id: project.id,
      ref,
      sha,
      status,
      source: mergeRequest ? "merge_request_event" : "push",
      created_at: createdAt,
    };
  });
  server.get("/projects/:id/pipelines/:pipeline/jobs", async (request, reply) => {
    const { include_retried } = request.query as Record<string, unknown>;
    const jobs = pipeline(request.params).jobs.filter((other) => include_retried === "true" || !other.retried);
    return page(
      request,
      reply,
      jobs.map((found) => jobEntity(state, found)),
    );
  });
}

function jobEntity(state: State, job: Job) {
  const { id, status, definition, pipeline, runner, startedAt, finishedAt, queuedAt } = job;
  const seconds = (from: Date | null, to: Date | null) => (from && to ? (+to - +from) / 1000 : null);
  return {
    ...{ id, status, name: definition.name, stage: definition.stage, ref: pipeline.ref, tag: false },
    ...{ allow_failure: job.allowFailure, failure_reason: job.failureReason ?? undefined },
    ...{ created_at: job.createdAt, started_at: startedAt, finished_at: finishedAt },
    ...{ duration: seconds(startedAt, finishedAt), queued_duration: seconds(queuedAt, startedAt) },
    pipeline: { id: pipeline.id, project_id: pipeline.project.id, ref: pipeline.ref, sha: pipeline.sha },
    web_url: `${state.url}/${pipeline.project.fullPath}/-/jobs/${id}`,
    runner: runner ? { id: runner.id, description: runner.description, runner_type: runner.type } : null,
    artifacts: [...job.artifacts.values()].map(({ type, size, filename, format }) => ({
      ...{ file_type: type, size, filename, file_format: format },
    })),
  };
}
