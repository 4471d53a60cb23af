/** The answer to POST /jobs/request: a job as GitLab describes it to the runner. `run` (CI/CD steps) is left out. */
import { lastChange } from "../git/repositories";
import { user, type Job, type Runner } from "../model";
import { isActive, type State } from "../state";
import { maskedPrefixes } from "../tokens";
import { cacheKey, separated } from "./cache-key";
import { dependencies } from "./dependencies";
import type { ArtifactsDefinition, ImageDefinition, ServiceDefinition } from "./definition";
import { isProtected, jobVariables } from "./variables";

/** Failure reasons that the runner may report (others it maps to `unknown_failure`). */
const failureReasons = [
  "unknown_failure",
  "script_failure",
  "api_failure",
  "stuck_or_timeout_failure",
  "runner_system_failure",
  "missing_dependency_failure",
  "runner_unsupported",
  "stale_schedule",
  "job_execution_timeout",
  "archived_failure",
  "unmet_prerequisites",
  "scheduler_failure",
  "data_integrity_failure",
  "image_pull_failure",
  "job_canceled",
];
/** GitLab's default `ci_default_git_depth`. */
const gitDepth = 20;

export async function jobPayload(state: State, job: Job, runner: Runner): Promise<Record<string, unknown>> {
  const { definition, pipeline } = job;
  const { project, ref, sha } = pipeline;
  const repositoryUrl = withCredentials(`${state.url}/${project.fullPath}.git`, job.token);
  const running = [...state.jobs.values()].filter(isActive);
  return {
    id: job.id,
    token: job.token,
    allow_git_fetch: true,
    job_info: {
      ...{ id: job.id, name: definition.name, stage: definition.stage },
      pipeline_id: pipeline.id,
      ...{ project_id: project.id, project_name: project.path, project_full_path: project.fullPath },
      namespace_id: project.group.id,
      root_namespace_id: state.groups.find((group) => group.fullPath === project.fullPath.split("/")[0])!.id,
      organization_id: 1,
      user_id: user.id,
      time_in_queue_seconds: job.queuedAt && job.startedAt ? (+job.startedAt - +job.queuedAt) / 1000 : 0,
      project_jobs_running_on_instance_runners_count: String(
        running.filter((other) => other.runner?.type === "instance_type" && other.pipeline.project === project).length,
      ),
    },
    git_info: {
      repo_url: repositoryUrl,
      repo_object_format: "sha1",
      ...{ ref, sha, before_sha: pipeline.beforeSha, ref_type: "branch" },
      refspecs: [
        `+refs/pipelines/${pipeline.id}:refs/pipelines/${pipeline.id}`,
        `+refs/heads/${ref}:refs/remotes/origin/${ref}`,
      ],
      depth: gitDepth,
      protected: isProtected(project, ref),
    },
    runner_info: { timeout: job.timeout, runner_session_url: null },
    variables: jobVariables(job, runner, { url: state.url, repositoryUrl }),
    steps: steps(job),
    hooks: Object.entries(definition.hooks).map(([name, script]) => ({ name, script })),
    image: definition.image ? image(definition.image) : null,
    services: definition.services.map(service),
    artifacts: definition.artifacts ? artifacts(definition.artifacts) : null,
    cache: await caches(state, job),
    credentials: [],
    dependencies: dependencies(job).flatMap((dependency) => {
      const archive = dependency.artifacts.get("archive");
      if (!archive) return [];
      const { filename, size } = archive;
      // The token is the running job's: it may read the artifacts of its project.
      return [
        { id: dependency.id, name: dependency.definition.name, token: job.token, artifacts_file: { filename, size } },
      ];
    }),
    features: { trace_sections: true, token_mask_prefixes: maskedPrefixes, failure_reasons: failureReasons },
  };
}

function withCredentials(url: string, token: string): string {
  const parsed = new URL(url);
  parsed.username = "gitlab-ci-token";
  parsed.password = token;
  return parsed.toString();
}

function steps({ definition, timeout }: Job) {
  const script = [...definition.beforeScript, ...definition.script];
  const main = { name: "script", script, timeout, when: "on_success", allow_failure: false };
  if (!definition.afterScript.length) return [main];
  const after = { name: "after_script", script: definition.afterScript, timeout, when: "always", allow_failure: true };
  return [main, after];
}

function image({ name, entrypoint, pullPolicy, executorOptions }: ImageDefinition) {
  return {
    name,
    entrypoint: entrypoint ?? null,
    ports: [],
    executor_opts: executorOptions ?? {},
    pull_policy: pullPolicy ?? null,
  };
}

function service(definition: ServiceDefinition) {
  const { alias, command, variables = {} } = definition;
  return {
    ...image(definition),
    alias: alias ?? null,
    command: command ?? null,
    variables: Object.entries(variables).map(([key, value]) => ({ key, value })),
  };
}

function artifacts(definition: ArtifactsDefinition) {
  const { name, paths, exclude, untracked, when, expireIn, reports } = definition;
  const archive = {
    name,
    untracked,
    paths,
    exclude,
    when,
    expire_in: expireIn,
    artifact_type: "archive",
    artifact_format: "zip",
  };
  return [
    ...(paths.length || untracked ? [archive] : []),
    ...Object.entries(reports).map(([type, reported]) => ({
      name: type === "dotenv" ? ".env" : `${type}.xml`,
      untracked: false,
      paths: reported,
      when: "always",
      expire_in: expireIn,
      artifact_type: type,
      artifact_format: "gzip",
    })),
  ];
}

async function caches(state: State, job: Job) {
  const { project, ref, sha } = job.pipeline;
  const protectedRef = isProtected(project, ref);
  const changed = (file: string) => lastChange(state, project, sha, file);
  return Promise.all(
    job.definition.cache.map(async (cache) => ({
      key: await cacheKey(cache, changed, protectedRef),
      untracked: cache.untracked,
      policy: cache.policy,
      paths: cache.paths,
      when: cache.when,
      fallback_keys: cache.fallbackKeys.map((key) => separated(key, cache.unprotect, protectedRef)),
    })),
  );
}
