/** Predefined and other variables of a job (https://docs.gitlab.com/ci/variables/predefined_variables/). */
import { dependencies } from "./dependencies";
import { user, version, type CommitInfo, type Job, type MergeRequest, type Project, type Runner } from "../model";

/** As the runner gets it in a job's payload. */
export interface Variable {
  key: string;
  value: string;
  /** Not a secret: false keeps it from being shown. */
  public: boolean;
  masked?: boolean;
  file?: boolean;
  /** Not expanded. */
  raw?: boolean;
}

/** What is known before the pipeline has an id: rules are evaluated with these. */
export function pipelineContext(options: {
  url: string;
  project: Project;
  ref: string;
  sha: string;
  beforeSha: string;
  commit: CommitInfo;
  createdAt: Date;
  mergeRequest?: MergeRequest;
}): Record<string, string> {
  const { project, ref, sha, beforeSha, commit, createdAt, mergeRequest } = options;
  const url = new URL(options.url);
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const group = project.group.fullPath;
  return {
    CI: "true",
    GITLAB_CI: "true",
    CI_SERVER: "yes",
    CI_SERVER_NAME: "GitLab",
    CI_SERVER_URL: options.url,
    CI_SERVER_HOST: url.hostname,
    CI_SERVER_PORT: port,
    CI_SERVER_PROTOCOL: url.protocol.slice(0, -1),
    CI_SERVER_FQDN: url.host,
    CI_SERVER_SHELL_SSH_HOST: url.hostname,
    CI_SERVER_SHELL_SSH_PORT: "22",
    CI_SERVER_VERSION: version.version,
    CI_SERVER_VERSION_MAJOR: version.version.split(".")[0],
    CI_SERVER_VERSION_MINOR: version.version.split(".")[1],
    CI_SERVER_VERSION_PATCH: version.version.split(".")[2].replace(/-.*/, ""),
    CI_SERVER_REVISION: version.revision,
    CI_API_V4_URL: `${options.url}/api/v4`,
    CI_API_GRAPHQL_URL: `${options.url}/api/graphql`,
    CI_PROJECT_ID: String(project.id),
    CI_PROJECT_NAME: project.path,
    CI_PROJECT_TITLE: project.name,
    CI_PROJECT_DESCRIPTION: "",
    CI_PROJECT_PATH: project.fullPath,
    CI_PROJECT_PATH_SLUG: slug(project.fullPath),
    CI_PROJECT_NAMESPACE: group,
    CI_PROJECT_NAMESPACE_ID: String(project.group.id),
    CI_PROJECT_NAMESPACE_SLUG: slug(group),
    CI_PROJECT_ROOT_NAMESPACE: group.split("/")[0],
    CI_PROJECT_URL: `${options.url}/${project.fullPath}`,
    CI_PROJECT_VISIBILITY: "private",
    CI_PROJECT_REPOSITORY_LANGUAGES: "",
    CI_PROJECT_CLASSIFICATION_LABEL: "",
    CI_DEFAULT_BRANCH: project.defaultBranch,
    CI_DEFAULT_BRANCH_SLUG: slug(project.defaultBranch),
    CI_CONFIG_PATH: ".gitlab-ci.yml",
    CI_PIPELINE_SOURCE: mergeRequest ? "merge_request_event" : "push",
    CI_PIPELINE_CREATED_AT: timestamp(createdAt),
    CI_COMMIT_SHA: sha,
    CI_COMMIT_SHORT_SHA: sha.slice(0, 8),
    CI_COMMIT_BEFORE_SHA: beforeSha,
    CI_COMMIT_REF_NAME: ref,
    CI_COMMIT_REF_SLUG: slug(ref),
    CI_COMMIT_REF_PROTECTED: String(isProtected(project, ref)),
    // A merge request's pipeline is no branch's.
    ...(mergeRequest ? mergeRequestContext(mergeRequest) : { CI_COMMIT_BRANCH: ref }),
    CI_COMMIT_MESSAGE: commit.message,
    CI_COMMIT_TITLE: commit.title,
    CI_COMMIT_DESCRIPTION: "",
    CI_COMMIT_AUTHOR: commit.author,
    CI_COMMIT_TIMESTAMP: commit.timestamp,
    GITLAB_USER_ID: String(user.id),
    GITLAB_USER_LOGIN: user.username,
    GITLAB_USER_NAME: user.name,
    GITLAB_USER_EMAIL: user.email,
    GITLAB_FEATURES: "",
  };
}

function mergeRequestContext(mergeRequest: MergeRequest): Record<string, string> {
  const { id, iid, project, sourceBranch, targetBranch, title, description, labels } = mergeRequest;
  return {
    CI_MERGE_REQUEST_ID: String(id),
    CI_MERGE_REQUEST_IID: String(iid),
    CI_MERGE_REQUEST_PROJECT_ID: String(project.id),
    CI_MERGE_REQUEST_PROJECT_PATH: project.fullPath,
    CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: sourceBranch,
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: targetBranch,
    CI_MERGE_REQUEST_TITLE: title,
    CI_MERGE_REQUEST_DESCRIPTION: description,
    CI_MERGE_REQUEST_LABELS: labels.join(","),
    CI_MERGE_REQUEST_EVENT_TYPE: "detached",
  };
}

/** All variables of a job for the runner that takes it; later sources win over earlier ones, as in GitLab. */
export function jobVariables(job: Job, runner: Runner, options: { url: string; repositoryUrl: string }): Variable[] {
  const { definition, pipeline } = job;
  const { node, environment, image } = definition;
  const predefined = {
    ...pipelineContext({ url: options.url, ...pipeline }),
    CI_PIPELINE_ID: String(pipeline.id),
    CI_PIPELINE_IID: String(pipeline.iid),
    CI_PIPELINE_NAME: "",
    CI_PIPELINE_URL: `${options.url}/${pipeline.project.fullPath}/-/pipelines/${pipeline.id}`,
    CI_JOB_ID: String(job.id),
    CI_JOB_URL: `${options.url}/${pipeline.project.fullPath}/-/jobs/${job.id}`,
    CI_JOB_NAME: definition.name,
    CI_JOB_NAME_SLUG: slug(definition.name),
    CI_JOB_GROUP_NAME: definition.baseName,
    CI_JOB_STAGE: definition.stage,
    CI_JOB_STARTED_AT: timestamp(job.startedAt ?? new Date()),
    CI_JOB_TIMEOUT: String(job.timeout),
    CI_NODE_TOTAL: String(node?.total ?? 1),
    ...(node && { CI_NODE_INDEX: String(node.index) }),
    ...(image && { CI_JOB_IMAGE: image.name }),
    ...(definition.when === "manual" && { CI_JOB_MANUAL: "true" }),
    CI_RUNNER_ID: String(runner.id),
    CI_RUNNER_DESCRIPTION: runner.description,
    CI_RUNNER_TAGS: JSON.stringify(runner.tags),
    ...(environment && {
      CI_ENVIRONMENT_NAME: environment.name,
      CI_ENVIRONMENT_SLUG: slug(environment.name).slice(0, 24),
      CI_ENVIRONMENT_ACTION: environment.action ?? "start",
      ...(environment.url && { CI_ENVIRONMENT_URL: environment.url }),
    }),
  };
  const variables = new Map<string, Variable>();
  const add = (values: Record<string, string>, flags: Partial<Variable> = {}) => {
    for (const [key, value] of Object.entries(values))
      variables.set(key, { key, value, public: true, masked: false, ...flags });
  };
  add(predefined);
  add({ CI_JOB_TOKEN: job.token }, { public: false, masked: true });
  add({ CI_REPOSITORY_URL: options.repositoryUrl }, { public: false });
  add({ CI_REGISTRY_USER: "gitlab-ci-token", CI_DEPENDENCY_PROXY_USER: "gitlab-ci-token" });
  add(inherited(pipeline.definition.variables, definition.inheritVariables));
  add(definition.variables);
  add(dotenvOf(job));
  add(pipeline.variables, { public: false });
  return [...variables.values()];
}

function inherited(variables: Record<string, string>, inherit: boolean | string[]): Record<string, string> {
  if (inherit === true) return variables;
  const names = inherit === false ? [] : inherit;
  return Object.fromEntries(Object.entries(variables).filter(([key]) => names.includes(key)));
}

/** Of the jobs whose artifacts this one gets. */
function dotenvOf(job: Job): Record<string, string> {
  return Object.assign({}, ...dependencies(job).map((dependency) => dependency.dotenv));
}

/** Only the default branch is protected. */
export const isProtected = (project: Project, ref: string) => ref === project.defaultBranch;

/** Lower case, at most 63 characters, only a–z, 0–9 and inner dashes. */
function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "-")
    .replace(/^-+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
}

const timestamp = (date: Date) => date.toISOString().replace(/\.\d+Z$/, "Z");
