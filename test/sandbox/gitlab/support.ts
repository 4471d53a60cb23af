/** A GitLab stand-in of a test's own, and a runner that speaks the API by hand. */
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { ManualClock } from "./manual-clock";
import { startGitLab, type AccessToken, type GitLab, type GitLabOptions, type Pipeline } from "../../../sandbox/gitlab";

const accessTokens: AccessToken[] = [
  { token: "glpat-test", scopes: ["api"] },
  { token: "glpat-reader", scopes: ["read_api"] },
  { token: "glpat-user", scopes: ["read_user"] },
  { token: "glpat-repository", scopes: ["read_repository"] },
  { token: "glpat-creator", scopes: ["create_runner"] },
  { token: "glpat-manager", scopes: ["manage_runner"] },
];

export interface Fixture {
  gitlab: GitLab;
  dir: string;
  log: string[];
  /** The stand-in's, unless another was asked for. */
  clock: ManualClock;
  rest(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  createRunner(parameters?: Record<string, unknown>): Promise<FakeRunner>;
  /** Starts a pipeline of this content in acme/backend. */
  pipeline(
    content: string,
    options?: { files?: Record<string, string>; variables?: Record<string, string> },
  ): Promise<Pipeline>;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Payload = Record<string, any>;

export interface FakeRunner {
  id: number;
  token: string;
  /** Asks once for a job; `lastUpdate` makes the server hold the request. */
  request(options?: { lastUpdate?: string; signal?: AbortSignal; features?: Record<string, boolean> }): Promise<Answer>;
  /** Asks until there is a job; the runner can cancel gracefully. */
  take(): Promise<Payload>;
  trace(job: Payload, text: string, offset: number): Promise<Answer>;
  finish(job: Payload, state: "success" | "failed", extra?: Record<string, unknown>): Promise<Answer>;
}

export async function startFixture(options: Partial<GitLabOptions> = {}): Promise<Fixture> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "gitlab-stand-in-"));
  const log: string[] = [];
  const clock = new ManualClock();
  const gitlab = await startGitLab({
    ...{ host: "127.0.0.1", port: 0, stateDir: path.join(dir, "state"), accessTokens },
    log: (line) => log.push(line),
    clock,
    ...options,
  });
  const rest: Fixture["rest"] = (method, url, body, headers = {}) =>
    call(gitlab, method, url, body, { "private-token": "glpat-test", ...headers });
  let files = 0;
  return {
    gitlab,
    dir,
    log,
    clock,
    rest,
    createRunner: async (parameters = {}) => {
      const { body } = await rest("POST", "/user/runners", { runner_type: "instance_type", ...parameters });
      return fakeRunner(gitlab, body.id, body.token);
    },
    pipeline: async (content, { files: others, variables } = {}) => {
      const folder = path.join(dir, `source-${++files}`);
      const ciFile = path.join(folder, others ? ".gitlab-ci.yml" : "ci.yml");
      for (const [name, text] of Object.entries({ ...others, [path.basename(ciFile)]: content })) {
        await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
        await writeFile(path.join(folder, name), text);
      }
      return gitlab.createPipeline({ groupPath: "acme/backend", ciFile, sourceDir: folder, variables });
    },
    close: async () => {
      await gitlab.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export async function call(
  gitlab: GitLab,
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const isRaw = typeof body === "string" || body instanceof FormData || body === undefined;
  const response = await fetch(`${gitlab.url}/api/v4${url}`, {
    ...{ method, signal: signal ?? null },
    headers: isRaw ? headers : { "content-type": "application/json", ...headers },
    body: isRaw ? (body ?? null) : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") && text !== "";
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

function fakeRunner(gitlab: GitLab, id: number, token: string): FakeRunner {
  const features = { cancel_gracefully: true };
  const request: FakeRunner["request"] = ({ lastUpdate, signal, features: own = features } = {}) => {
    const body = { token, system_id: "s_test", last_update: lastUpdate, info: { version: "19.4.0", features: own } };
    return call(gitlab, "POST", "/jobs/request", body, {}, signal);
  };
  return {
    id,
    token,
    request,
    take: async () => {
      let lastUpdate: string | undefined;
      for (;;) {
        const answer = await request({ lastUpdate });
        if (answer.status === 201) return answer.body;
        if (answer.status !== 204) throw new Error(`request for a job: ${answer.status}`);
        lastUpdate = answer.headers.get("x-gitlab-last-update")!;
      }
    },
    trace: (job, text, offset) =>
      call(gitlab, "PATCH", `/jobs/${job.id}/trace?debug_trace=false`, text, {
        "job-token": job.token,
        "content-type": "text/plain",
        "content-range": `${offset}-${offset + Buffer.byteLength(text) - 1}`,
      }),
    finish: async (job, state, extra = {}) => {
      const say = () =>
        call(gitlab, "PUT", `/jobs/${job.id}`, { token: job.token, state, ...extra }, { "job-token": job.token });
      const answer = await say();
      return answer.status === 202 ? say() : answer;
    },
  };
}

/** The value of a variable in a job's payload. */
export const variable = (job: Payload, key: string): string | undefined =>
  job.variables.find((candidate: Payload) => candidate.key === key)?.value;
