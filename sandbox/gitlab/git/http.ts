/** Git's smart HTTP protocol: `git http-backend` behind GitLab's authentication. Fetching only; pushes are refused. */
import { spawn } from "node:child_process";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { gitEnvironment } from "../command";
import { findProject } from "../fixture";
import type { Project } from "../model";
import { readsRepositories, type AccessToken } from "../rest/auth";
import { jobByToken, type State } from "../state";
import { repositoriesDir } from "./repositories";

const services = /^\/(?<project>[^?]+?)(?:\.git)?\/(?<call>info\/refs|git-upload-pack|git-receive-pack)$/;

/** Answers what is a call of the protocol; returns false for every other request. */
export async function handleGit(
  state: State,
  tokens: readonly AccessToken[],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  const [pathname, query = ""] = splitUrl(request.url);
  const match = services.exec(pathname);
  if (!match) return false;
  const { project: projectPath, call } = match.groups!;
  const project = findProject(state, projectPath);
  const access = authorize(state, tokens, request.headers.authorization, project);
  if (access === "none") {
    // GitLab doesn't tell an unknown project from a forbidden one either.
    await reply
      .code(401)
      .header("www-authenticate", 'Basic realm="GitLab"')
      .type("text/plain")
      .send("HTTP Basic: Access denied. The provided password or token is incorrect.");
    return true;
  }
  if (access === "denied" || !project) {
    await reply.code(404).type("text/plain").send("The project you were looking for could not be found.");
    return true;
  }
  const service = call === "info/refs" ? new URLSearchParams(query).get("service") : call;
  if (service !== "git-upload-pack") {
    await reply.code(403).type("text/plain").send("You are not allowed to push code to this project.");
    return true;
  }
  reply.hijack();
  backend(state, request, reply, { pathInfo: `/${project.id}.git/${call}`, query });
  return true;
}

/** Git's requests have bodies of any size: they are streamed. */
export function acceptGitBodies(server: FastifyInstance): void {
  const types = ["application/x-git-upload-pack-request", "application/x-git-receive-pack-request"];
  server.addContentTypeParser(types, (_request, payload, done) => done(null, payload));
}

function splitUrl(url: string): [string, string | undefined] {
  const [pathname, query] = url.split("?", 2);
  try {
    return [decodeURIComponent(pathname), query];
  } catch {
    return ["", query];
  }
}

/** "none": no valid credentials; "denied": valid ones, for something else. */
function authorize(
  state: State,
  tokens: readonly AccessToken[],
  header: string | undefined,
  project: Project | undefined,
): "granted" | "denied" | "none" {
  const encoded = /^Basic\s+(.+)$/i.exec(header ?? "")?.[1];
  if (!encoded) return "none";
  const [username, ...rest] = Buffer.from(encoded, "base64").toString().split(":");
  const password = rest.join(":");
  if (readsRepositories(tokens, password, state.clock.now())) return "granted";
  if (username !== "gitlab-ci-token") return "none";
  const job = jobByToken(state, password);
  if (!job) return "none";
  return job.pipeline.project === project ? "granted" : "denied";
}

function backend(
  state: State,
  request: FastifyRequest,
  reply: FastifyReply,
  { pathInfo, query }: { pathInfo: string; query: string },
): void {
  const { headers } = request;
  const response = reply.raw;
  // Jobs fetch the pipeline's commit by its id.
  const child = spawn("git", ["-c", "uploadpack.allowAnySHA1InWant=true", "http-backend"], {
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      ...{ PATH: process.env.PATH, LC_ALL: "C.UTF-8", ...gitEnvironment },
      GIT_PROJECT_ROOT: repositoriesDir(state),
      GIT_HTTP_EXPORT_ALL: "1",
      GATEWAY_INTERFACE: "CGI/1.1",
      REQUEST_METHOD: request.method,
      PATH_INFO: pathInfo,
      QUERY_STRING: query,
      CONTENT_TYPE: headers["content-type"] ?? "",
      ...(headers["content-length"] && { CONTENT_LENGTH: headers["content-length"] }),
      ...(headers["content-encoding"] && { HTTP_CONTENT_ENCODING: headers["content-encoding"] }),
      ...(headers["git-protocol"] && { GIT_PROTOCOL: String(headers["git-protocol"]) }),
      REMOTE_ADDR: request.ip,
    },
  });
  const fail = (reason: string) => {
    state.log(`git http-backend ${pathInfo}: ${reason}`);
    if (response.headersSent) response.destroy();
    else response.writeHead(500, { "content-type": "text/plain" }).end("git http-backend failed\n");
  };
  child.on("error", (error) => fail(error.message));
  child.stderr.on("data", (data: Buffer) => state.log(`git http-backend ${pathInfo}: ${data.toString().trimEnd()}`));
  // The client may be gone, or the backend be through, before the other side is: neither is this process's trouble.
  child.stdin.on("error", () => undefined);
  child.stdout.on("error", () => undefined);
  response.on("error", () => child.kill());
  response.on("close", () => child.kill());
  request.raw.pipe(child.stdin);

  let head = Buffer.alloc(0);
  const readHead = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    child.stdout.off("data", readHead);
    const fields = head
      .subarray(0, end)
      .toString()
      .split("\r\n")
      .map((line) => line.split(/:\s*/, 2) as [string, string]);
    const status = fields.find(([name]) => name.toLowerCase() === "status")?.[1];
    const rest = fields.filter(([name]) => name.toLowerCase() !== "status");
    response.writeHead(status ? parseInt(status, 10) : 200, Object.fromEntries(rest));
    response.write(head.subarray(end + 4));
    child.stdout.pipe(response);
  };
  child.stdout.on("data", readHead);
  child.on("close", (code) => {
    if (!response.headersSent && !response.destroyed) fail(`ended without an answer (exit code ${code})`);
  });
}
