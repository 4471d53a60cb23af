/** What a GitLab CI job knows of its merge request (https://docs.gitlab.com/ci/variables/predefined_variables/). */
import { UserError } from "./errors";
import { tokenVariable } from "./gitlab-api";

export interface MergeRequestContext {
  apiUrl: string;
  project: string;
  iid: string;
  token: string;
  /** Where the runner trusts private certificate authorities: the file that it hands to its jobs for GitLab. */
  caFile?: string;
  /** Of the commit that is previewed. */
  commit: string;
  pipeline: number;
  jobUrl: string;
}

const required = {
  CI_API_V4_URL: "",
  CI_PROJECT_ID: "",
  CI_MERGE_REQUEST_IID:
    ' (only pipelines for merge requests have it: rules: if: $CI_PIPELINE_SOURCE == "merge_request_event")',
  CI_COMMIT_SHA: "",
  CI_PIPELINE_ID: "",
  CI_JOB_URL: "",
  [tokenVariable]:
    ": a project access token with the scope api and the role Reporter; CI_JOB_TOKEN may not write notes",
};

/** @throws UserError that lists every variable that is missing */
export function mergeRequestContext(env: NodeJS.ProcessEnv): MergeRequestContext {
  const missing = Object.entries(required).filter(([name]) => !env[name]);
  if (missing.length > 0) {
    const lines = missing.map(([name, how]) => `  ${name}${how}`);
    throw new UserError(`--merge-request needs variables of a GitLab CI job that are not set:\n${lines.join("\n")}`);
  }
  const [apiUrl, project, iid, commit, pipeline, jobUrl, token] = Object.keys(required).map((name) => env[name]!);
  const caFile = env.CI_SERVER_TLS_CA_FILE || undefined;
  return { apiUrl, project, iid, token, caFile, commit, pipeline: Number(pipeline), jobUrl };
}
