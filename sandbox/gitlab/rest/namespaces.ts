/** Groups, projects, the user and the version: what providers look up. */
import type { FastifyInstance } from "fastify";
import { notFound } from "../errors";
import { findGroup, findProject } from "../fixture";
import { user, version, type Group, type Project } from "../model";
import type { State } from "../state";

export function namespaceRoutes(server: FastifyInstance, state: State): void {
  server.get("/user", async () => ({
    ...{ id: user.id, username: user.username, name: user.name, email: user.email },
    ...{ state: "active", is_admin: true, bot: false },
  }));
  server.get("/version", async () => version);
  server.get("/groups/:id", async (request) => {
    const group = findGroup(state, (request.params as { id: string }).id);
    if (!group) throw notFound("Group");
    return groupEntity(state, group);
  });
  server.get("/projects/:id", async (request) => projectEntity(state, requireProject(state, request.params)));
}

export function requireProject(state: State, params: unknown): Project {
  const project = findProject(state, (params as { id: string }).id);
  if (!project) throw notFound("Project");
  return project;
}

function groupEntity(state: State, group: Group) {
  return {
    ...{ id: group.id, name: group.name, path: group.path, full_path: group.fullPath },
    full_name: fullName(group),
    parent_id: group.parent?.id ?? null,
    web_url: `${state.url}/groups/${group.fullPath}`,
    ...{ description: "", visibility: "private" },
  };
}

function projectEntity(state: State, project: Project) {
  const { id, name, path, fullPath, group, defaultBranch } = project;
  return {
    ...{ id, name, path, path_with_namespace: fullPath },
    name_with_namespace: `${fullName(group)} / ${name}`,
    default_branch: defaultBranch,
    web_url: `${state.url}/${fullPath}`,
    http_url_to_repo: `${state.url}/${fullPath}.git`,
    namespace: { id: group.id, name: group.name, path: group.path, kind: "group", full_path: group.fullPath },
    ...{ description: "", visibility: "private", archived: false, build_timeout: project.buildTimeout },
  };
}

function fullName(group: Group): string {
  return group.parent ? `${fullName(group.parent)} / ${group.name}` : group.name;
}
