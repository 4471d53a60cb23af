/** Runners as the REST API knows them: created for a user, read, changed, deleted. */
import type { FastifyInstance } from "fastify";
import { ApiError, badParameters, badRequest, notFound } from "../errors";
import type { Runner, RunnerType } from "../model";
import { bodyOf, type Parameters } from "../parameters";
import type { State } from "../state";
import { queueVersion, runnerToken } from "../tokens";
import { id, readSettings, validate, type RunnerSettings } from "./runner-parameters";

const types: RunnerType[] = ["instance_type", "group_type", "project_type"];
const defaults: RunnerSettings = {
  ...{ description: "", tags: [], runUntagged: true, locked: false, paused: false },
  ...{ accessLevel: "not_protected", maximumTimeout: null, maintenanceNote: null },
};

/** In Grape's words. */
const nothingGiven =
  "description, active, paused, tag_list, run_untagged, locked, access_level, maximum_timeout, maintenance_note are " +
  "missing, at least one parameter must be provided";

export function runnerRestRoutes(server: FastifyInstance, state: State): void {
  server.post("/user/runners", async (request, reply) => {
    const runner = createRunner(state, bodyOf(request));
    return reply.code(201).send({ id: runner.id, token: runner.token, token_expires_at: runner.tokenExpiresAt });
  });

  server.get("/runners/:id", async (request) => details(state, requireRunner(state, request.params)));
  server.put("/runners/:id", async (request) => {
    const runner = requireRunner(state, request.params);
    const given = readSettings(bodyOf(request));
    if (Object.keys(given).length === 0) throw badParameters([nothingGiven]);
    const changed = { ...settingsOf(runner), ...given };
    validate(changed);
    Object.assign(runner, changed);
    state.events.emit("runner", runner);
    return details(state, runner);
  });

  server.delete("/runners/:id", async (request, reply) => {
    const runner = requireRunner(state, request.params);
    state.runners.delete(runner.id);
    state.events.emit("runner", runner);
    return reply.code(204).send();
  });
}

function createRunner(state: State, parameters: Parameters): Runner {
  const type = types.find((known) => known === parameters.runner_type);
  const problems: string[] = [];
  if (parameters.runner_type === undefined) problems.push("runner_type is missing");
  if (!type) problems.push("runner_type does not have a valid value");
  for (const [key, owner] of [
    ["group_id", "group_type"],
    ["project_id", "project_type"],
  ]) {
    if (type === owner && parameters[key] === undefined) problems.push(`${key} is missing`);
    else if (parameters[key] !== undefined && id(parameters[key]) === undefined) problems.push(`${key} is invalid`);
  }
  if (!type || problems.length) throw badParameters(problems);
  const settings = { ...defaults, ...readSettings(parameters) };
  const group = type === "group_type" ? state.groups.find((g) => g.id === id(parameters.group_id)) : undefined;
  const project = type === "project_type" ? state.projects.find((p) => p.id === id(parameters.project_id)) : undefined;
  if ((type === "group_type" && !group) || (type === "project_type" && !project)) throw badRequest("Validation error");
  validate(settings);
  const runner: Runner = {
    ...settings,
    ...{ id: state.nextId("runner"), token: runnerToken(type), tokenExpiresAt: null },
    ...{ type, group, project, createdAt: new Date(state.clock.now()), contactedAt: null },
    managers: new Map(),
    queueVersion: queueVersion(),
  };
  state.runners.set(runner.id, runner);
  return runner;
}

function requireRunner(state: State, params: unknown): Runner {
  const number = id((params as { id: string }).id);
  if (number === undefined) throw new ApiError(400, { error: "id is invalid" });
  const runner = state.runners.get(number);
  if (!runner) throw notFound();
  return runner;
}

function settingsOf(runner: Runner): RunnerSettings {
  const { description, tags, runUntagged, locked, paused, accessLevel, maximumTimeout, maintenanceNote } = runner;
  return { description, tags, runUntagged, locked, paused, accessLevel, maximumTimeout, maintenanceNote };
}

/** In ms: a runner is online if it has asked for jobs in the last two hours (GitLab's rule). */
const onlineFor = 2 * 3600 * 1000;

/** All of it but the token, which only creation tells. */
function details(state: State, runner: Runner) {
  const manager = [...runner.managers.values()].at(-1);
  const { id, description, paused, type, contactedAt, group, project } = runner;
  const online = contactedAt ? state.clock.now() - contactedAt.getTime() < onlineFor : null;
  return {
    ...{ id, description, paused, active: !paused, ip_address: null, name: "gitlab-runner" },
    ...{ is_shared: type === "instance_type", runner_type: type, online },
    status: contactedAt ? (online ? "online" : "offline") : "never_contacted",
    ...{ tag_list: runner.tags, run_untagged: runner.runUntagged, locked: runner.locked },
    ...{ maximum_timeout: runner.maximumTimeout, access_level: runner.accessLevel },
    ...{ maintenance_note: runner.maintenanceNote, contacted_at: runner.contactedAt, created_at: runner.createdAt },
    token_expires_at: runner.tokenExpiresAt,
    ...{ version: manager?.version ?? null, revision: manager?.revision ?? null },
    ...{ platform: manager?.platform ?? null, architecture: manager?.architecture ?? null },
    groups: group ? [{ id: group.id, name: group.name, web_url: `${state.url}/groups/${group.fullPath}` }] : [],
    projects: project ? [{ id: project.id, name: project.name, path_with_namespace: project.fullPath }] : [],
  };
}
