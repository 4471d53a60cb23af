/**
 * A page on loopback that shows the sandbox while it is up: hosts, runners, pipelines with their jobs' logs, tasks,
 * calls of AWS. It only reads. It answers whoever knows its address, which has a key in it: a job's log is for the
 * eyes of who started the sandbox, and other users of the machine reach its ports too.
 */
import { randomBytes } from "node:crypto";
import type { AddressInfo, Server } from "node:net";
import Fastify from "fastify";
import { closeServer } from "../aws/server";
import { contentSecurityPolicy, readAssets } from "./assets";
import { snapshotOf, type Sources } from "./snapshot";
import { Watchers } from "./watchers";

export interface Page {
  /** For a browser on this machine. */
  url: string;
  close(): Promise<void>;
}

const headers = {
  "content-security-policy": contentSecurityPolicy,
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** @param listener listens already, on 127.0.0.1 */
export async function startPage(listener: Server, sources: Sources): Promise<Page> {
  const { port } = listener.address() as AddressInfo;
  const names = [`127.0.0.1:${port}`, `localhost:${port}`];
  const key = randomBytes(16).toString("base64url");
  const assets = readAssets();
  const watchers = new Watchers(sources);
  const app = Fastify({ exposeHeadRoutes: false });

  app.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    // Another name is one that somebody's name server leads here, with somebody's page that asks.
    if (!names.includes(request.headers.host ?? "")) return reply.code(403).send();
    if (request.method !== "GET") return reply.code(405).header("allow", "GET").send();
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send());
  for (const [name, { type, content }] of assets) {
    app.get(`/${key}/${name}`, (_request, reply) => reply.type(type).send(content));
  }
  app.get(`/${key}/snapshot`, async () => snapshotOf(sources));
  app.get<{ Querystring: { job?: string } }>(`/${key}/events`, (request, reply) => {
    const { job } = request.query;
    reply.hijack();
    reply.raw.writeHead(200, { ...headers, "content-type": "text/event-stream" });
    watchers.add(reply.raw, job === undefined ? undefined : Number(job), Number(request.headers["last-event-id"] ?? 0));
  });
  await app.ready();
  app.server.listen(listener);

  return {
    url: `http://127.0.0.1:${port}/${key}/`,
    async close() {
      watchers.stop();
      await closeServer(app.server);
      await app.close();
    },
  };
}
