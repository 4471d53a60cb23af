/** Merge requests: what is known of them beside their pipelines. */
import type { MergeRequest, Project } from "./model";
import type { State } from "./state";

export interface MergeRequestOptions {
  /** The source branch; the target is the project's default one. */
  branch: string;
  /** Default: the branch's name. */
  title?: string;
  /** Replaces the one that the merge request has. */
  description?: string;
  labels?: string[];
}

/** The branch's open merge request, brought up to date, or a new one. */
export function openMergeRequest(state: State, project: Project, options: MergeRequestOptions): MergeRequest {
  const { branch, title, description, labels } = options;
  const open = state.mergeRequests.find(
    (other) => other.project === project && other.sourceBranch === branch && other.state === "opened",
  );
  const mergeRequest = open ?? createMergeRequest(state, project, branch);
  if (title !== undefined) mergeRequest.title = title;
  if (description !== undefined) mergeRequest.description = description;
  if (labels !== undefined) mergeRequest.labels = labels;
  return mergeRequest;
}

function createMergeRequest(state: State, project: Project, branch: string): MergeRequest {
  const mergeRequest: MergeRequest = {
    id: state.nextId("mergeRequest"),
    iid: state.mergeRequests.filter((other) => other.project === project).length + 1,
    project,
    sourceBranch: branch,
    targetBranch: project.defaultBranch,
    title: branch,
    description: "",
    labels: [],
    state: "opened",
    notes: [],
  };
  state.mergeRequests.push(mergeRequest);
  return mergeRequest;
}
