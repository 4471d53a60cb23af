/** What gitlab-runner does about itself: verify its token, replace it, unregister. */
import type { FastifyInstance } from "fastify";
import { badParameters } from "../errors";
import { bodyOf, text } from "../parameters";
import type { State } from "../state";
import { runnerToken } from "../tokens";
import { authenticateRunner } from "./auth";

export function runnerRoutes(server: FastifyInstance, state: State): void {
  server.post("/runners/verify", async (request) => {
    const { id, token, tokenExpiresAt } = authenticateRunner(state, request);
    return { id, token, token_expires_at: tokenExpiresAt };
  });

  server.post("/runners/reset_authentication_token", async (request, reply) => {
    const runner = authenticateRunner(state, request);
    runner.token = runnerToken(runner.type);
    return reply.code(201).send({ token: runner.token, token_expires_at: runner.tokenExpiresAt });
  });

  server.delete("/runners/managers", async (request, reply) => {
    const systemId = text(bodyOf(request).system_id);
    if (!systemId) throw badParameters(["system_id is missing"]);
    authenticateRunner(state, request).managers.delete(systemId);
    return reply.code(204).send();
  });

  server.delete("/runners", async (request, reply) => {
    const runner = authenticateRunner(state, request);
    state.runners.delete(runner.id);
    state.events.emit("runner", runner);
    return reply.code(204).send();
  });

  // The job router of GitLab's relay: not there, so that the runner polls.
  server.get("/runners/router/discovery", async (_request, reply) =>
    reply.code(501).send({ message: "501 Not Implemented" }),
  );
}
