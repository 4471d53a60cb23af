/** POST /jobs/request: hands out jobs, and holds requests as long as there are none. */
import type { Socket } from "node:net";
import type { FastifyInstance, FastifyReply } from "fastify";
import { forbidden } from "../errors";
import type { Job, Runner } from "../model";
import { bodyOf, text, type Parameters } from "../parameters";
import { finishJob, setStatus } from "../pipeline/schedule";
import { jobPayload } from "../pipeline/job-payload";
import { isActive, type State } from "../state";
import { jobToken } from "../tokens";
import { authenticateRunner } from "./auth";
import { longPoll, nextJob, queueChange } from "./queue";

export function jobRequestRoutes(server: FastifyInstance, state: State): void {
  server.post("/jobs/request", async (request, reply) => {
    const runner = authenticateRunner(state, request);
    const body = bodyOf(request);
    const hangUp = hangUpSignal(reply);
    // A peer that has vanished without a word (a host that lost its power) is noticed within 15 s.
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
    try {
      const payload = await jobPayload(state, job, runner);
      if (hangUp.aborted) throw new Error("the runner hung up");
      watchDelivery(state, job, reply);
      return reply.code(201).send(payload);
    } catch (error) {
      state.log(`job ${job.id} (${job.definition.name}) was not handed out: ${String(error)}`);
      takeBack(state, job);
      if (hangUp.aborted) return reply.hijack();
      throw error;
    }
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

/** What to look after when a connection closes: the jobs handed out on it. */
const deliveries = new WeakMap<Socket, (() => void)[]>();

/** Takes the job back where its runner never got the answer, or got it on a connection that broke at once. */
function watchDelivery(state: State, job: Job, reply: FastifyReply): void {
  const { raw } = reply;
  const handedOut = job.token;
  const isUnheard = () => isActive(job) && job.token === handedOut && job.seenAt === null;
  raw.once("close", () => {
    if (!raw.writableFinished && isUnheard()) takeBack(state, job);
  });
  onClose(reply.request.raw.socket, () => {
    if (!isUnheard()) return;
    state.clock.after(state.patience.delivery, () => {
      if (!isUnheard()) return;
      state.log(`job ${job.id} (${job.definition.name}): nothing heard of the runner that took it`);
      takeBack(state, job);
    });
  });
}

/** One listener for each connection, however many jobs it carries. */
function onClose(socket: Socket, check: () => void): void {
  const known = deliveries.get(socket);
  if (known) {
    known.push(check);
    return;
  }
  const checks = [check];
  deliveries.set(socket, checks);
  socket.once("close", () => checks.forEach((each) => each()));
}

/** Back into the queue. The new token shuts out a runner that did get the job after all. */
function takeBack(state: State, job: Job): void {
  if (job.status === "canceling") return finishJob(state, job, { status: "canceled" });
  if (job.status !== "running") return;
  job.token = jobToken();
  job.runner = null;
  job.systemId = null;
  job.startedAt = null;
  // It keeps its place and its time in the queue.
  setStatus(state, job, "pending");
  state.events.emit("queued", job);
}
