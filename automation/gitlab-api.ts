/**
 * The few calls of GitLab's REST API that a note takes. undici's RetryAgent, and not @gitbeaker/rest, because it waits
 * as long as Retry-After says, and repeats what failed with any 5xx; gitbeaker 43 repeats 429 and 502 ten times within
 * half a second.
 */
import { readFileSync } from "node:fs";
import * as tls from "node:tls";
import { EnvHttpProxyAgent, RetryAgent } from "undici";
import { UserError } from "./errors";

export interface MergeRequest {
  iid: number;
  title: string;
  description: string;
  labels: string[];
}

export interface Note {
  id: number;
  body: string;
  /** Made by GitLab itself. */
  system: boolean;
  author: { id: number };
}

export interface GitLabApiOptions {
  /** The API's base URL, as CI_API_V4_URL has it. */
  url: string;
  token: string;
  /** Id or path of the project. */
  project: string;
  /**
   * File with certificates of private authorities, which are trusted beside those that Node.js trusts.
   * @default none
   */
  caFile?: string;
  /** How often a call is repeated. */
  retries?: number;
  /** The first wait between two tries, in ms, doubled each time up to 30 s; what Retry-After says goes first. */
  firstWait?: number;
}

export class GitLabApi {
  private readonly agent: RetryAgent;

  constructor(private readonly options: GitLabApiOptions) {
    const trust = trusting(options.caFile);
    // Through the proxy of the environment, where there is one (HTTPS_PROXY, NO_PROXY).
    this.agent = new RetryAgent(new EnvHttpProxyAgent({ connect: trust, requestTls: trust }), {
      maxRetries: options.retries ?? 5,
      minTimeout: options.firstWait ?? 1000,
      maxTimeout: 30_000,
      // A note that was written although the answer says otherwise is written twice: merge-request.ts removes the second.
      methods: ["GET", "PUT", "POST", "DELETE"],
      statusCodes: [429, 500, 502, 503, 504],
      throwOnError: false,
    });
  }

  currentUser(): Promise<{ id: number; username: string }> {
    return this.call("GET", "/user");
  }

  mergeRequest(iid: string): Promise<MergeRequest> {
    return this.call("GET", this.path(iid));
  }

  /** All notes, the oldest first. */
  async notes(iid: string): Promise<Note[]> {
    const all: Note[] = [];
    for (let page = 1; ; page++) {
      const query = `?sort=asc&order_by=created_at&per_page=100&page=${page}`;
      const found = await this.call<Note[]>("GET", `${this.path(iid)}/notes${query}`);
      all.push(...found);
      if (found.length < 100) return all;
    }
  }

  createNote(iid: string, body: string): Promise<Note> {
    return this.call("POST", `${this.path(iid)}/notes`, { body });
  }

  updateNote(iid: string, id: number, body: string): Promise<Note> {
    return this.call("PUT", `${this.path(iid)}/notes/${id}`, { body });
  }

  deleteNote(iid: string, id: number): Promise<void> {
    return this.call("DELETE", `${this.path(iid)}/notes/${id}`);
  }

  close(): Promise<void> {
    return this.agent.close();
  }

  private path(iid: string): string {
    return `/projects/${encodeURIComponent(this.options.project)}/merge_requests/${encodeURIComponent(iid)}`;
  }

  private async call<Answer>(method: "GET" | "PUT" | "POST" | "DELETE", path: string, body?: object): Promise<Answer> {
    const { url, token } = this.options;
    const { origin, pathname } = new URL(url);
    const what = `${method} ${path.split("?")[0]}`;
    const response = await this.agent
      .request({
        ...{ origin, method, path: `${pathname.replace(/\/+$/, "")}${path}` },
        headers: { "private-token": token, ...(body && { "content-type": "application/json" }) },
        body: body && JSON.stringify(body),
      })
      .catch((error: Error & { statusCode?: number }) => {
        const why = error.statusCode === undefined ? error.message : `status ${error.statusCode}`;
        throw new UserError(`GitLab at ${origin} does not answer ${what}: ${why}`);
      });
    const text = await response.body.text();
    if (response.statusCode < 300) return (text === "" ? undefined : JSON.parse(text)) as Answer;
    throw new UserError(
      `GitLab refused ${what}: ${response.statusCode} ${text.slice(0, 300)}${hint(response.statusCode)}`,
    );
  }
}

/** Node.js takes certificates that are named in the place of those that it trusts. */
function trusting(caFile: string | undefined): { ca?: string[] } {
  if (caFile === undefined) return {};
  try {
    return { ca: [...tls.getCACertificates("default"), readFileSync(caFile, "utf8")] };
  } catch (error) {
    throw new UserError(`certificates of private authorities cannot be read: ${(error as Error).message}`);
  }
}

function hint(status: number): string {
  if (status === 401) return `; the token in ${tokenVariable} is not valid, or has expired`;
  if (status === 403 || status === 404) {
    return `; the token in ${tokenVariable} needs the scope api, and the role Reporter or more in the project`;
  }
  return "";
}

/** Not GITLAB_TOKEN, which the GitLab provider takes for its own where the stack's config has none. */
export const tokenVariable = "MERGE_REQUEST_TOKEN";
