/** The HTTP server: parsing, routing, and errors in GitLab's shape. No request, however malformed, ends the process. */
import multipart from "@fastify/multipart";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import { ApiError } from "./errors";
import { acceptGitBodies, handleGit } from "./git/http";
import { requireScope, tokenRoutes, type AccessToken } from "./rest/auth";
import { mergeRequestRoutes } from "./rest/merge-requests";
import { namespaceRoutes } from "./rest/namespaces";
import { runnerRestRoutes } from "./rest/runners";
import { artifactRoutes } from "./runner/artifacts";
import { jobRequestRoutes } from "./runner/jobs-request";
import { jobRoutes } from "./runner/jobs";
import { runnerRoutes } from "./runner/runners";
import type { State } from "./state";

export async function createServer(state: State, tokens: readonly AccessToken[]): Promise<FastifyInstance> {
  const server = Fastify({
    forceCloseConnections: true,
    keepAliveTimeout: 75_000,
    routerOptions: { maxParamLength: 1024, ignoreTrailingSlash: true },
    // A path such as /groups/%zz.
    frameworkErrors: (error, _request, reply) => void (reply as FastifyReply).code(400).send({ error: error.message }),
  });
  parseBodies(server);
  acceptGitBodies(server);
  await server.register(multipart);

  server.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof ApiError) return reply.code(error.statusCode).headers(error.headers).send(error.body);
    const status = error.statusCode ?? 500;
    if (status >= 500) state.log(`${request.method} ${request.url.split("?")[0]}: ${error.stack ?? error.message}`);
    return reply.code(status).send(status >= 500 ? { message: "500 Internal Server Error" } : { error: error.message });
  });
  server.setNotFoundHandler(async (request, reply) => {
    if (await handleGit(state, tokens, request, reply)) return reply;
    return reply.code(404).send({ error: "404 Not Found" });
  });

  await server.register(
    async (api) => {
      runnerRoutes(api, state);
      jobRequestRoutes(api, state);
      jobRoutes(api, state);
      artifactRoutes(api, state);
      await api.register(async (rest) => {
        rest.addHook("onRequest", async (request) => requireScope(request, tokens, state.clock.now()));
        tokenRoutes(rest, tokens, () => state.clock.now());
        namespaceRoutes(rest, state);
        runnerRestRoutes(rest, state);
        mergeRequestRoutes(rest, state);
      });
    },
    { prefix: "/api/v4" },
  );
  return server;
}

/** JSON and forms become objects (an empty body none), everything else stays bytes. */
function parseBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    try {
      done(null, body === "" ? undefined : JSON.parse(body as string));
    } catch {
      done(new ApiError(400, { error: "body is not valid JSON" }));
    }
  });
  server.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) => {
    const fields: Record<string, unknown> = {};
    for (const [name, value] of new URLSearchParams(body as string)) {
      const list = name.endsWith("[]") ? name.slice(0, -2) : undefined;
      if (list) fields[list] = [...((fields[list] as string[] | undefined) ?? []), value];
      else fields[name] = value;
    }
    done(null, fields);
  });
  server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
}
