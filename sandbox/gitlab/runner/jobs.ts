/** What the runner says about a job it has: its log, and how it ended. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { ApiError, badRequest } from "../errors";
import type { Job } from "../model";
import { bodyOf, text, type Parameters } from "../parameters";
import { finishJob } from "../pipeline/schedule";
import type { State } from "../state";
import { authenticateJob } from "./auth";
import { maxTraceSize, type Trace } from "./trace";

/** How often the runner shall send the log, in seconds: GitLab's interval while somebody watches it. */
const updateInterval = 3;
/** In bytes; the runner sends at most 1 MiB at a time. */
const maxPatchSize = 8 * 1024 * 1024;

export function jobRoutes(server: FastifyInstance, state: State): void {
  server.patch("/jobs/:id/trace", { bodyLimit: maxPatchSize }, async (request, reply) => {
    const job = authenticateJob(state, request);
    const header = text(request.headers["content-range"]);
    if (!header) throw badRequest("Missing header Content-Range");
    const range = /^(\d+)-(\d+)$/.exec(header);
    const data = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const [start, last] = range ? [Number(range[1]), Number(range[2])] : [NaN, NaN];
    if (last - start + 1 !== data.length) throw badRequest("Content-Range does not fit the body");
    if (start + data.length > maxTraceSize) {
      finishJob(state, job, { status: "failed", failureReason: "trace_size_exceeded" });
      throw new ApiError(403, { message: "403 Forbidden" }, { "Job-Status": job.status });
    }
    const size = job.trace.append(data, start);
    report(reply, job).header("Range", `0-${size}`);
    // A piece that came twice ends where the log ends: that is fine too.
    if (size !== last + 1) return reply.code(416).send({ message: "416 Range Not Satisfiable" });
    return reply.code(202).send();
  });

  server.put("/jobs/:id", async (request, reply) => {
    const job = authenticateJob(state, request);
    const body = bodyOf(request);
    const ends = body.state === "success" || body.state === "failed";
    if (ends && keepsLogLive(job) && !job.endTold) {
      job.endTold = true;
      return report(reply, job, 1).code(202).send("202");
    }
    if (ends && !isWhole(job.trace, body.output)) {
      // GitLab counts such logs and lets the job be; here it fails, so that no test overlooks the gap.
      state.log(`job ${job.id} (${job.definition.name}): the log is not what its runner sent`);
      finishJob(state, job, { status: "failed", failureReason: "data_integrity_failure" });
      return report(reply, job).code(200).send("200");
    }
    switch (body.state) {
      case "success":
        finishJob(state, job, { status: "success" });
        break;
      case "failed": {
        const failureReason = text(body.failure_reason) ?? "unknown_failure";
        finishJob(state, job, { status: "failed", failureReason, exitCode: exitCode(body.exit_code) });
        break;
      }
      case "running":
      case "pending":
      case undefined:
        break;
      default:
        throw badRequest(`state ${JSON.stringify(body.state)}`);
    }
    return report(reply, job).code(200).send("200");
  });
}

/**
 * Whether GitLab keeps the job's log in pieces until it ends, and answers the first word of that with "not yet": as it
 * does where an administrator has switched incremental logging on, GitLab.com's among them.
 */
const keepsLogLive = (job: Job) => job.id % 2 === 1;

/** Whether the log is the one that the runner has, by its checksum and size, where the runner tells them. */
function isWhole(trace: Trace, output: unknown): boolean {
  const { checksum, bytesize } = (output ?? {}) as Parameters;
  if (!text(checksum)) return true;
  // A size of 0 is left out.
  return checksum === trace.checksum && (bytesize ?? 0) === trace.size;
}

/** Kept as GitLab keeps it: from 0 to 32767. The runner leaves a 0 out, since no script has failed then. */
function exitCode(value: unknown): number | null {
  return typeof value === "number" && value !== 0 ? Math.min(Math.max(value, 0), 32_767) : null;
}

/** @param interval until the runner's next word, in seconds */
function report(reply: FastifyReply, job: Job, interval = updateInterval): FastifyReply {
  return reply.header("Job-Status", job.status).header("X-GitLab-Trace-Update-Interval", String(interval));
}
