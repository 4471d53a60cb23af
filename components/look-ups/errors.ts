/** What a failed look-up means for whoever deploys: which setting to look at, and what to do. Pure functions. */
import { setAddress, setToken } from "../settings/gitlab-access";
import type { Entry, Settings } from "../settings/settings";

/** On one line: providers like to break theirs. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").trim();

export interface Trouble {
  /** One reason is told once, however many look-ups it fails. */
  reason: string;
  message: string;
}

/** As GitLab's client words it: "GET https://…: 401 {message: …}" or "404 Not Found". */
const httpStatus = /(?<=^| )([45]\d\d)(?= [{A-Z]| failed to parse|$)/;

/** As Go words what is wrong with a server's certificate. */
const untrusted = /\bx509: /;

/** The engine ends all look-ups where another of its steps has failed. */
const cancelled = /\bcontext canceled\b|\bwas cancelled\b/;

/** As the provider words it where it has no token to ask with. */
const noToken = /\bno (gitlab )?token\b/i;

/** GitLab's client asks first of all who it is, which every GitLab API knows. */
const noApi = /failed to create.* client.*\b404\b/i;

/** Of a group or a project; told by the status that GitLab's API answered with. */
export function gitlabTrouble(entry: Entry, gitlabUrl: string, error: unknown): Trouble {
  const { kind } = entry;
  const said = messageOf(error);
  const status = httpStatus.exec(said)?.[1];
  if (noApi.test(said)) {
    return { reason: "address", message: `gitlab:baseUrl: ${gitlabUrl} has no GitLab API; ${setAddress} (${said})` };
  }
  switch (status) {
    case "404": {
      const message = `${kind}s: GitLab has no ${kind} ${told(entry)}, or none that the token of gitlab:token may see (${said})`;
      return { reason: `${kind} ${told(entry)}`, message };
    }
    case "401": {
      const why = /\bexpired\b/.test(said) ? "says that it has expired" : "knows no such token";
      return { reason: status, message: `gitlab:token: ${gitlabUrl} ${why}; ${setToken} (${said})` };
    }
    case "403":
      return {
        reason: status,
        message: `gitlab:token: ${gitlabUrl} does not allow it to read ${kind}s; ${setToken} (${said})`,
      };
    case undefined:
      if (cancelled.test(said))
        return { reason: "cancelled", message: `${kind}s: the look-up was cancelled (${said})` };
      if (untrusted.test(said)) return { reason: "address", message: certificate(gitlabUrl, said) };
      return noToken.test(said)
        ? { reason: "token", message: `gitlab:token: required; ${setToken} (${said})` }
        : { reason: "address", message: `gitlab:baseUrl: ${gitlabUrl} cannot be reached; ${setAddress} (${said})` };
    default:
      return { reason: status, message: `gitlab:baseUrl: ${gitlabUrl} answers with an error (${said})` };
  }
}

const certificate = (gitlabUrl: string, said: string) =>
  `gitlab:baseUrl: this machine does not trust the certificate of ${gitlabUrl}; where a company's own authority made it, ` +
  `name that: npx pulumi config set gitlab:cacertFile /path/to/ca.pem (${said})`;

/** A group or project, as its entry names it. */
export const told = ({ path, id }: Pick<Entry, "path" | "id">): string =>
  path === undefined ? `with id ${id}` : JSON.stringify(path);

export function vpcTrouble(error: unknown): Trouble {
  const said = messageOf(error);
  const wayOut = "name one by network.vpcId and network.subnetIds";
  return {
    reason: "network",
    message: /no matching/.test(said)
      ? `network: no default VPC in this region; ${wayOut} (${said})`
      : `network: AWS does not tell the default VPC; ${check}, or ${wayOut} (${said})`,
  };
}

export function instanceTypeTrouble(error: unknown, instanceType: string): Trouble {
  const message = `host.instanceType: AWS does not tell where it has ${instanceType}; ${check} (${messageOf(error)})`;
  return { reason: "instance type", message };
}

export function imageTrouble(error: unknown, architecture: Settings["host"]["architecture"]): Trouble {
  const said = messageOf(error);
  return {
    reason: "image",
    message: /ParameterNotFound|couldn't find/.test(said)
      ? `host.amiId: AWS names no Amazon Linux for ${architecture} in this region; set an image (${said})`
      : `host.amiId: AWS does not tell the latest Amazon Linux; ${check}, or set an image (${said})`,
  };
}

/** AWS said something else than that there is none: it was not reached, or does not allow the question. */
const check = "check the credentials, their permissions and aws:region";
