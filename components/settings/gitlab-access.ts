/** Whether GitLab can be asked at all with the address and the token that the provider is given. Pure functions. */
import { entriesOf } from "./entry-path";
import { shown } from "./values-shown";

export const setAddress =
  "set its API's address: npx pulumi config set gitlab:baseUrl https://gitlab.example.com/api/v4/";
export const setToken =
  "make one with the scopes create_runner, manage_runner and read_api and set it: npx pulumi config set gitlab:token --secret";

/** What the program itself asks GitLab with: what its provider is given. */
export interface GitLabAccess {
  /** GitLab's own address, without /api/v4. */
  url: string;
  token?: string;
  /** The token is not the stack's, but of whoever runs the program. */
  fromEnvironment: boolean;
  /** File with the certificates that are trusted in the place of the system's. */
  cacertFile?: string;
  /** Certificates are not checked. */
  insecure: boolean;
}

/** Where the stack's configuration says nothing, the provider reads the environment. */
export function accessOf(all: Record<string, string>, url: string, env: NodeJS.ProcessEnv): GitLabAccess {
  const token = all["gitlab:token"] ?? env.GITLAB_TOKEN;
  return {
    url,
    ...(token && { token }),
    fromEnvironment: all["gitlab:token"] === undefined,
    ...(all["gitlab:cacertFile"] !== undefined && { cacertFile: all["gitlab:cacertFile"] }),
    insecure: all["gitlab:insecure"] === "true",
  };
}

/** Errors of `gitlab:baseUrl`. The provider's client completes an address that does not name the API. */
export function addressErrors(address: string, allowPlainHttp: unknown): string[] {
  const told = (reason: string) => [`gitlab:baseUrl: ${reason}`];
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const bare = /^[\w.-]+(:\d+)?(\/\S*)?$/.test(address);
    const hint = bare ? `write https://${address}` : setAddress;
    return told(`${shown(address)} does not begin with https://; ${hint}`);
  }
  if (url.username !== "" || url.password !== "") {
    return told("holds credentials, which would be plain text; the token is what the provider logs in with");
  }
  if (url.search !== "" || url.hash !== "") return told(`its ? or # makes it no API's address; ${setAddress}`);
  if (url.protocol === "https:" || allowPlainHttp === true || isLoopback(url.hostname)) return [];
  const wayOut = "write https://, or allow it: npx pulumi config set gitlab-fargate-runners:allowPlainHttp true";
  return told(`http:// shows the token, and those of runners and jobs, to whoever is on the way; ${wayOut}`);
}

const isLoopback = (host: string) => host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);

/** Tokens that are not of a user, a group or a project. */
const otherTokens = /^(glrt|glrtr|gldt|glptt|glcbt|glft|glimt|GR1348941)/;

/** Errors of `gitlab:token`, which is needed where a runner has to be made. Never repeats it. */
export function tokenErrors(token: string | undefined, raw: Record<string, unknown>): string[] {
  if (!makesRunners(raw)) return [];
  if (token === undefined || token.trim() === "") return [`gitlab:token: required; ${setToken}`];
  if (/\s/.test(token)) return [`gitlab:token: not a token: it holds spaces or more than one line; ${setToken}`];
  if (otherTokens.test(token)) return [`gitlab:token: the token of something else than a user or group; ${setToken}`];
  return [];
}

const makesRunners = (raw: Record<string, unknown>): boolean => entriesOf(raw).some(([, entry]) => !("token" in entry));
