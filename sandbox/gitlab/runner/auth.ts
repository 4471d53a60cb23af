/** Who a request of the runner API comes from: a runner (glrt-…) or a running job (its CI_JOB_TOKEN). */
import type { FastifyRequest } from "fastify";
import { forbidden, notFound } from "../errors";
import type { Job, Runner } from "../model";
import { isActive, jobByToken, runnerByToken, type State } from "../state";
import { sameToken } from "../tokens";
import { bodyOf, text } from "../parameters";

/** Notes the contact. Throws 403 for a token that no runner has. */
export function authenticateRunner(state: State, request: FastifyRequest): Runner {
  const body = bodyOf(request);
  const token = text(body.token) ?? text(request.headers["runner-token"]);
  const runner = token ? runnerByToken(state, token) : undefined;
  if (!runner) throw forbidden();
  const now = new Date(state.clock.now());
  runner.contactedAt = now;
  const systemId = text(body.system_id);
  if (systemId) {
    const info = (body.info ?? {}) as Record<string, unknown>;
    const known = runner.managers.get(systemId);
    const field = (name: "version" | "revision" | "platform" | "architecture" | "executor") =>
      text(info[name]) ?? known?.[name] ?? "";
    runner.managers.set(systemId, {
      systemId,
      version: field("version"),
      revision: field("revision"),
      platform: field("platform"),
      architecture: field("architecture"),
      executor: field("executor"),
      contactedAt: now,
    });
  }
  return runner;
}

function jobTokenOf(request: FastifyRequest): string {
  const query = request.query as Record<string, unknown>;
  return text(request.headers["job-token"]) ?? text(bodyOf(request).token) ?? text(query.token) ?? "";
}

/** The job of the request's path, which must be running and have the request's token. Notes the sign of life. */
export function authenticateJob(state: State, request: FastifyRequest): Job {
  const job = findJob(state, request);
  if (!sameToken(jobTokenOf(request), job.token)) throw forbidden();
  if (!isActive(job)) throw forbidden("Job is not running", { "Job-Status": job.status });
  job.seenAt = new Date(state.clock.now());
  // A runner that is at its limit of jobs asks for no more of them, and is online all the same.
  if (job.runner) job.runner.contactedAt = job.seenAt;
  return job;
}

/** The job of the request's path, for a reader whose token belongs to a running job of the same project. */
export function authenticateReader(state: State, request: FastifyRequest): Job {
  const reader = jobByToken(state, jobTokenOf(request));
  if (!reader) throw forbidden();
  const job = findJob(state, request);
  if (job.pipeline.project !== reader.pipeline.project) throw notFound();
  return job;
}

function findJob(state: State, request: FastifyRequest): Job {
  const { id } = request.params as { id: string };
  const job = /^\d+$/.test(id) ? state.jobs.get(Number(id)) : undefined;
  if (!job) throw notFound();
  return job;
}
