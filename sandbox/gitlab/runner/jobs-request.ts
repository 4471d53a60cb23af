/**
 * POST /jobs/request: hands out jobs, and holds requests as long as there are none. A job whose runner never gets the
 * answer, or never says a word about it, stays stuck with that runner, as on GitLab.
 */
import type { FastifyInstance, FastifyReply } from "fastify";
import { forbidden } from "../errors";
import type { Job, Runner } from "../model";
import { bodyOf, text, type Parameters } from "../parameters";
import { finishJob, setStatus } from "../pipeline/schedule";
import { jobPayload } from "../pipeline/job-payload";
import type { State } from "../state";
import { authenticateRunner } from "./auth";
import { longPoll, nextJob, queueChange } from "./queue";

export function jobRequestRoutes(server: FastifyInstance, state: State): void {
  server.post("/jobs/request", async (request, reply) => {
    const runner = authenticateRunner(state, request);
    const body = bodyOf(request);
    const hangUp = hangUpSignal(reply);
    // A held request of a peer that has vanished without a word (a host that lost its power) gets no job.
    request.raw.socket.setKeepAlive(true, 5_000);

    const seen = text(body.last_update);
    let job = nextJob(state, runner);
    // Like GitLab's Workhorse: only a runner that is up to date waits.
    if (!job && seen === runner.queueVersion) {
      await queueChange(state, runner, hangUp, longPoll);
      if (hangUp.aborted) return reply.hijack();
      if (!state.runners.has(runner.id)) throw forbidden();
      runner.contactedAt = new Date(state.clock.now());
      job = nextJob(state, runner);
    }
    reply.header("X-GitLab-Last-Update", runner.queueVersion);
    if (!job) return reply.code(204).send();

    assign(state, job, runner, body);
    const payload = await jobPayload(state, job, runner).catch((error: Error) => {
      state.log(`job ${job.id} (${job.definition.name}) was not handed out: ${error}`);
      finishJob(state, job, { status: "failed", failureReason: "scheduler_failure" });
      throw error;
    });
    if (hangUp.aborted) state.log(`job ${job.id} (${job.definition.name}): the runner that took it has hung up`);
    return hangUp.aborted ? reply.hijack() : reply.code(201).send(payload);
  });
}

/** Aborted when the client is gone before it has the answer. */
function hangUpSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.on("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  if (reply.raw.destroyed || reply.raw.socket?.destroyed) controller.abort();
  return controller.signal;
}

function assign(state: State, job: Job, runner: Runner, body: Parameters): void {
  const info = (body.info ?? {}) as { features?: { cancel_gracefully?: boolean } };
  job.runner = runner;
  job.systemId = text(body.system_id) ?? null;
  job.cancelGracefully = info.features?.cancel_gracefully === true;
  const { definition, pipeline } = job;
  job.timeout = Math.min(definition.timeout ?? pipeline.project.buildTimeout, runner.maximumTimeout ?? Infinity);
  job.startedAt = new Date(state.clock.now());
  job.seenAt = null;
  setStatus(state, job, "running");
}
