/**
 * A stand-in for the `gitlab` provider (10.4.0), with what runners need: UserRunner, getGroup, getProject.
 *
 * UserRunner keeps to the schema and the steps of the real one (terraform-provider-gitlab, resource_gitlab_user_runner):
 * all that GitLab can change of a runner is optional and computed, a request says only what is known, a timeout only
 * above 0, and a runner that is gone cannot be deleted.
 *
 * Differs from the real one: failed requests are not retried; nothing is taken from the environment of the command
 * (GITLAB_TOKEN), which nobody tells an attached provider; `insecure` is ignored; UserRunner cannot be imported, and
 * takes runner types and access levels in lower case only.
 */
import { readFileSync } from "node:fs";
import { Agent, fetch } from "undici";
import type { CheckFailure, Context, Invoke, Package, Resource } from "./framework/definition";
import { compact, hasUnknown, type Props, type Value } from "./framework/values";

export function gitlabPackage(): Package {
  return {
    name: "gitlab",
    version: "10.4.0",
    resources: { "gitlab:index/userRunner:UserRunner": userRunner },
    functions: { "gitlab:index/getGroup:getGroup": getGroup, "gitlab:index/getProject:getProject": getProject },
    configure,
  };
}

/** As the real one does where `earlyAuthCheck` is not false, and worded like it. */
async function configure(context: Caller): Promise<void> {
  if (String(context.config.earlyAuthCheck) === "false") return;
  await request(context, "GET", "/user").catch((cause: Error) => {
    throw new Error(
      "Failed to create GitLab Client from provider configuration: The provider failed to create a new GitLab Client " +
        "from the given configuration",
      { cause },
    );
  });
}

/** Properties that a runner is created with and can be given later on, with GitLab's names for them. */
const settings = {
  description: "description",
  tagLists: "tag_list",
  untagged: "run_untagged",
  locked: "locked",
  paused: "paused",
  accessLevel: "access_level",
  maximumTimeout: "maximum_timeout",
  maintenanceNote: "maintenance_note",
} as const;

const runnerTypes = ["instance_type", "group_type", "project_type"];
const accessLevels = ["not_protected", "ref_protected"];

const userRunner: Resource = {
  replaceOn: ["runnerType", "groupId", "projectId"],
  computed: Object.keys(settings),
  secretOutputs: ["token"],
  check(inputs) {
    return {
      inputs: compact({ ...inputs, tagLists: sortedTags(inputs.tagLists) }),
      failures: [...wrongOwner(inputs), ...wrongSettings(inputs)],
    };
  },
  async create(inputs, context) {
    const created = await request(context, "POST", "/user/runners", {
      runner_type: inputs.runnerType,
      group_id: inputs.groupId,
      project_id: inputs.projectId,
      ...toApi(inputs),
    });
    // The one answer that holds the token.
    const { id, token } = created as { id: number; token: string };
    return { id: String(id), outputs: { ...inputs, ...fromApi(await runner(String(id), context)), token } };
  },
  async read(id, state, context) {
    const found = await runner(id, context).catch(unlessGone);
    return found ? { ...state, ...fromApi(found) } : undefined;
  },
  async update(id, state, inputs, context) {
    const updated = await request(context, "PUT", `/runners/${id}`, toApi(inputs));
    return { ...inputs, ...fromApi(updated), token: state.token };
  },
  async delete(id, _state, context) {
    await request(context, "DELETE", `/runners/${id}`);
  },
};

/** What an owner's id does not go with the type of the runner; one that is not known yet is given. */
function wrongOwner({ runnerType, groupId, projectId }: Props): CheckFailure[] {
  if (hasUnknown(runnerType)) return [];
  if (!runnerTypes.includes(runnerType as string)) {
    return [{ property: "runnerType", reason: `expected one of ${runnerTypes.join(", ")}` }];
  }
  return [
    { property: "groupId", given: groupId !== undefined, wanted: runnerType === "group_type" },
    { property: "projectId", given: projectId !== undefined, wanted: runnerType === "project_type" },
  ].flatMap(({ property, given, wanted }) => {
    if (given === wanted) return [];
    return [{ property, reason: `${wanted ? "required by" : "must not be given with"} runnerType ${runnerType}` }];
  });
}

function wrongSettings({ accessLevel, maximumTimeout, maintenanceNote }: Props): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (typeof accessLevel === "string" && !hasUnknown(accessLevel) && !accessLevels.includes(accessLevel)) {
    failures.push({ property: "accessLevel", reason: `expected one of ${accessLevels.join(", ")}` });
  }
  if (typeof maximumTimeout === "number" && maximumTimeout < 600) {
    failures.push({ property: "maximumTimeout", reason: "expected at least 600 (seconds)" });
  }
  if (typeof maintenanceNote === "string" && [...maintenanceNote].length > 1024) {
    failures.push({ property: "maintenanceNote", reason: "expected at most 1024 characters" });
  }
  return failures;
}

async function runner(id: string, context: Caller): Promise<Props> {
  return request(context, "GET", `/runners/${id}`);
}

/** Tags are a set: their order is no change. */
function sortedTags(tags: Value | undefined): Value | undefined {
  return Array.isArray(tags) && !hasUnknown(tags) ? [...(tags as string[])].sort() : tags;
}

/** A timeout of 0 is none, which the API has no word for: it stays as it is. */
function toApi({ maximumTimeout, ...inputs }: Props): Props {
  const sent: Props = { ...inputs, ...(Number(maximumTimeout) > 0 && { maximumTimeout: maximumTimeout! }) };
  return compact(Object.fromEntries(Object.entries(settings).map(([ours, theirs]) => [theirs, sent[ours]])));
}

/** As the real one's client decodes an answer: what GitLab has none of is the type's empty value. */
function fromApi(found: Props): Props {
  const empty: Props = { description: "", tagLists: [], untagged: false, locked: false, paused: false };
  const none: Props = { ...empty, accessLevel: "", maximumTimeout: 0, maintenanceNote: "" };
  const values = Object.entries(settings).map(([ours, theirs]) => [ours, found[theirs] ?? none[ours]] as const);
  const known = Object.fromEntries(values);
  return compact({ ...known, tagLists: sortedTags(known.tagLists) });
}

const getGroup: Invoke = async (args, context) => {
  const path = args.fullPath ?? args.groupId;
  if (path === undefined) throw new Error("one of fullPath, groupId is needed");
  const group = await request(context, "GET", `/groups/${encodeURIComponent(String(path))}`);
  const { id } = group as { id: number };
  return compact({
    id: String(id),
    groupId: id,
    fullPath: group.full_path,
    fullName: group.full_name,
    name: group.name,
    path: group.path,
    description: group.description ?? "",
    parentId: group.parent_id ?? 0,
    visibilityLevel: group.visibility,
    webUrl: group.web_url,
  });
};

const getProject: Invoke = async (args, context) => {
  const path = args.pathWithNamespace ?? args.id;
  if (path === undefined) throw new Error("one of id, pathWithNamespace is needed");
  const project = await request(context, "GET", `/projects/${encodeURIComponent(String(path))}`);
  const { id } = project as { id: number };
  return compact({
    id: String(id),
    name: project.name,
    path: project.path,
    pathWithNamespace: project.path_with_namespace,
    description: project.description ?? "",
    defaultBranch: project.default_branch ?? undefined,
    visibilityLevel: project.visibility,
    webUrl: project.web_url,
    httpUrlToRepo: project.http_url_to_repo,
  });
};

type Caller = Pick<Context, "config" | "signal">;

class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** As the real provider words it, which names no setting of Pulumi's. */
const noToken =
  "No GitLab token configured, either use the `token` provider argument or set it as `GITLAB_TOKEN` environment variable";

/** As Go words it, by the codes of OpenSSL. */
const untrusted = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
const untrustedCodes = ["DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"];

/** Certificates that are named are trusted in the place of the system's, as by the real one. */
const trusting = (cacertFile: string) => new Agent({ connect: { ca: readFileSync(cacertFile, "utf8") } });

/**
 * Throws ApiError worded as the real provider's client (client-go) words it: method, address, status, and what GitLab
 * says; of a 404 it tells nothing else.
 */
async function request(context: Caller, method: string, path: string, body?: Props): Promise<Props> {
  const { baseUrl, token, cacertFile } = context.config as { baseUrl?: string; token?: string; cacertFile?: string };
  if (!token) throw new Error(noToken);
  const url = new URL(`.${path}`, apiOf(baseUrl ?? "https://gitlab.com"));
  const response = await fetch(url, {
    method,
    headers: { "private-token": token, ...(body ? { "content-type": "application/json" } : {}) },
    body: body ? JSON.stringify(body) : undefined,
    signal: context.signal,
    dispatcher: cacertFile === undefined ? undefined : trusting(cacertFile),
  }).catch((error: Error) => {
    const cause = (error.cause ?? error) as NodeJS.ErrnoException;
    if (untrustedCodes.includes(cause.code ?? "")) throw new Error(`${method} ${url}: ${untrusted}`);
    throw new Error(`${method} ${url}: GitLab cannot be reached`, { cause });
  });
  const text = await response.text();
  if (response.ok) return text ? (JSON.parse(text) as Props) : {};
  if (response.status === 404) throw new ApiError("404 Not Found", 404);
  throw new ApiError(`${method} ${url}: ${response.status} ${messageOf(text)}`, response.status);
}

/** As the real provider's client completes it (client-go, setBaseURL): the address need not name the API. */
const apiOf = (baseUrl: string): string => baseUrl.replace(/\/*$/, "").replace(/(\/api\/v4)?$/, "/api/v4/");

function messageOf(text: string): string {
  try {
    return worded(JSON.parse(text));
  } catch {
    return `failed to parse unknown error format: ${text}`;
  }
}

function worded(said: unknown): string {
  if (typeof said !== "object" || said === null) return String(said);
  if (Array.isArray(said)) return `[${said.map(worded).join(", ")}]`;
  const fields = Object.entries(said).map(([name, value]) => `{${name}: ${worded(value)}}`);
  return fields.sort().join(", ");
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof ApiError && error.status === 404)) throw error;
}
