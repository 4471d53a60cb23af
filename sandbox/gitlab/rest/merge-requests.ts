/** Merge requests of a project and their notes (https://docs.gitlab.com/api/notes/#merge-requests). */
import type { FastifyInstance } from "fastify";
import { ApiError, badParameters, invalidRecord, notFound } from "../errors";
import { fastForward } from "../git/repositories";
import { user, type MergeRequest, type Note } from "../model";
import type { State } from "../state";
import { requireProject } from "./namespaces";
import { page } from "./pagination";

/** In characters (https://docs.gitlab.com/administration/instance_limits/). */
const maxBody = 1_000_000;

export function mergeRequestRoutes(server: FastifyInstance, state: State): void {
  const find = (params: unknown): MergeRequest => {
    const project = requireProject(state, params);
    const { iid } = params as { iid: string };
    const found = state.mergeRequests.find((other) => other.project === project && String(other.iid) === iid);
    if (!found) throw notFound();
    return found;
  };
  const note = (params: unknown): { note: Note; mergeRequest: MergeRequest } => {
    const mergeRequest = find(params);
    const found = mergeRequest.notes.find(({ id }) => String(id) === (params as { note: string }).note);
    if (!found) throw notFound("Note");
    return { note: found, mergeRequest };
  };
  const base = "/projects/:id/merge_requests/:iid";

  server.get(base, async (request) => mergeRequestEntity(state, find(request.params)));
  server.put(base, async (request) => {
    const mergeRequest = find(request.params);
    const { title, description, labels } = request.body as Record<string, string | undefined>;
    if (title !== undefined) mergeRequest.title = title;
    if (description !== undefined) mergeRequest.description = description;
    if (labels !== undefined) mergeRequest.labels = labels.split(",").filter(Boolean);
    return mergeRequestEntity(state, mergeRequest);
  });
  // A pipeline for the default branch is started by whoever merges.
  server.put(`${base}/merge`, async (request) => {
    const mergeRequest = find(request.params);
    if (mergeRequest.state !== "opened") throw new ApiError(405, { message: "405 Method Not Allowed" });
    await fastForward(state, mergeRequest.project, mergeRequest.sourceBranch);
    mergeRequest.state = "merged";
    return mergeRequestEntity(state, mergeRequest);
  });

  server.get(`${base}/notes`, async (request, reply) => {
    const { sort } = request.query as Record<string, unknown>;
    const notes = find(request.params).notes.map(noteEntity);
    return page(request, reply, sort === "asc" ? notes : notes.reverse());
  });
  server.post(`${base}/notes`, async (request, reply) => {
    const mergeRequest = find(request.params);
    const now = new Date();
    const created = { id: state.nextId("note"), body: noteText(request.body), createdAt: now, updatedAt: now };
    mergeRequest.notes.push(created);
    return reply.code(201).send(noteEntity(created));
  });
  server.put(`${base}/notes/:note`, async (request) => {
    const { note: found } = note(request.params);
    found.body = noteText(request.body);
    found.updatedAt = new Date();
    return noteEntity(found);
  });
  server.delete(`${base}/notes/:note`, async (request, reply) => {
    const { note: found, mergeRequest } = note(request.params);
    mergeRequest.notes.splice(mergeRequest.notes.indexOf(found), 1);
    return reply.code(204).send();
  });
}

function noteText(parameters: unknown): string {
  const body = (parameters as { body?: unknown } | undefined)?.body;
  if (typeof body !== "string" || body === "") throw badParameters(["body is missing"]);
  if (body.length > maxBody) throw invalidRecord({ note: [`is too long (maximum is ${maxBody} characters)`] });
  return body;
}

function mergeRequestEntity(state: State, mergeRequest: MergeRequest) {
  const { id, iid, project, sourceBranch, targetBranch, title, description, labels } = mergeRequest;
  return {
    ...{ id, iid, project_id: project.id, title, description, labels, state: mergeRequest.state },
    ...{ source_branch: sourceBranch, target_branch: targetBranch },
    web_url: `${state.url}/${project.fullPath}/-/merge_requests/${iid}`,
  };
}

function noteEntity({ id, body, createdAt, updatedAt }: Note) {
  return {
    ...{ id, body, system: false, resolvable: false },
    author: { id: user.id, username: user.username, name: user.name },
    ...{ created_at: createdAt, updated_at: updatedAt },
  };
}
