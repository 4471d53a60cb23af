/** Turns the expanded file into the pipeline's definition: applies rules, defaults and `parallel`, checks what GitLab checks. */
import { PipelineError } from "../errors";
import type { CacheDefinition, JobDefinition, JobWhen, Need, PipelineDefinition, Retry } from "./definition";
import { parseDuration } from "./duration";
import type { ExpandedFile, RawJob } from "./expander";
import { selector, unroll, type Copy } from "./parallel";

/** Throws PipelineError where the stand-in can't run what the file asks for, or GitLab would refuse it. */
export function normalize(expanded: ExpandedFile): PipelineDefinition {
  const jobs = Object.entries(expanded.jobs).flatMap(([name, raw]) => {
    refuseUnsupported(name, raw);
    const job = withDefaults(raw, expanded.defaults);
    return unroll(job.parallel).flatMap((copy, index) => {
      const matched = applyRule(job, expanded.matchedRules[name]?.[index]);
      return matched ? [defineJob(name, matched, copy)] : [];
    });
  });
  if (!jobs.length) throw new PipelineError("no job of the file is part of this pipeline: its rules exclude them all");
  const order = (job: JobDefinition) => expanded.stages.indexOf(job.stage);
  for (const job of jobs) {
    if (order(job) < 0) throw new PipelineError(`${job.baseName}: chosen stage ${job.stage} does not exist`);
    for (const need of job.needs ?? []) {
      if (need.optional || jobs.some((other) => other.baseName === need.job || other.name === need.job)) continue;
      throw new PipelineError(
        `'${job.name}' job needs '${need.job}' job, but '${need.job}' does not exist in the pipeline`,
      );
    }
  }
  const sorted = jobs
    .map((job, index) => ({ job, index }))
    .sort((a, b) => order(a.job) - order(b.job) || a.index - b.index);
  return { stages: expanded.stages, variables: strings(expanded.variables), jobs: sorted.map(({ job }) => job) };
}

function refuseUnsupported(name: string, job: RawJob): void {
  const reasons: Record<string, string> = {
    trigger: "child and downstream pipelines",
    run: "CI/CD steps",
    only: "only: (use rules:)",
    except: "except: (use rules:)",
  };
  for (const [key, what] of Object.entries(reasons)) {
    if (job[key] !== undefined) throw new PipelineError(`${name}: the sandbox's GitLab does not run ${what}`);
  }
  for (const need of job.needs ?? []) {
    if (need.project || need.pipeline) {
      throw new PipelineError(`${name}: the sandbox's GitLab knows no needs on other projects or pipelines`);
    }
  }
}

function withDefaults(job: RawJob, defaults: RawJob): RawJob {
  // A list under inherit:default has been served by the expander.
  return job.inherit?.default === undefined || job.inherit.default === true ? { ...defaults, ...job } : job;
}

/** The job as its matching rule leaves it, undefined where no rule lets it into the pipeline. */
function applyRule(job: RawJob, index: number | undefined): RawJob | undefined {
  if (index === undefined) {
    return { ...job, allow_failure: job.allow_failure ?? job.when === "manual" };
  }
  const rule: RawJob | undefined = job.rules[index];
  const when = rule?.when ?? job.when ?? "on_success";
  if (!rule || when === "never") return undefined;
  return {
    ...job,
    when,
    allow_failure: rule.allow_failure ?? job.allow_failure ?? (rule.when === undefined && job.when === "manual"),
    variables: { ...job.variables, ...rule.variables },
    needs: rule.needs ?? job.needs,
  };
}

function defineJob(baseName: string, job: RawJob, copy: Copy): JobDefinition {
  return {
    name: baseName + copy.suffix,
    baseName,
    stage: job.stage ?? "test",
    beforeScript: lines(job.before_script),
    script: lines(job.script),
    afterScript: lines(job.after_script),
    // There is no clock for `start_in`: delayed jobs start at once.
    when: (job.when === "delayed" ? "on_success" : (job.when ?? "on_success")) as JobWhen,
    allowFailure: typeof job.allow_failure === "object" ? numbers(job.allow_failure.exit_codes) : job.allow_failure,
    needs: job.needs?.map(need),
    dependencies: job.dependencies?.map(String),
    tags: lines(job.tags),
    timeout: job.timeout === undefined ? undefined : parseDuration(job.timeout, `jobs:${baseName}:timeout`),
    retry: retry(job.retry),
    image: job.image && image(job.image),
    services: (job.services ?? []).map((service: RawJob) => ({
      ...image(service),
      alias: service.alias,
      command: service.command && lines(service.command),
      variables: service.variables && strings(service.variables),
    })),
    artifacts: job.artifacts && {
      name: job.artifacts.name,
      paths: lines(job.artifacts.paths),
      exclude: lines(job.artifacts.exclude),
      untracked: job.artifacts.untracked === true,
      when: job.artifacts.when,
      expireIn: job.artifacts.expire_in,
      reports: Object.fromEntries(
        Object.entries<unknown>(job.artifacts.reports ?? {}).flatMap(([type, paths]) => {
          // coverage_report is {coverage_format, path}: its file is called after the format.
          if (type !== "coverage_report") return [[type, lines(paths)]];
          return [[(paths as RawJob).coverage_format, lines((paths as RawJob).path)]];
        }),
      ),
    },
    cache: (job.cache ?? []).map(cache),
    variables: { ...strings(job.variables), ...copy.matrix },
    inheritVariables: job.inherit?.variables ?? true,
    node: copy.node,
    matrix: copy.matrix,
    environment: typeof job.environment === "string" ? { name: job.environment } : job.environment,
    hooks: Object.fromEntries(Object.entries(job.hooks ?? {}).map(([name, script]) => [name, lines(script)])),
  };
}

function need(entry: RawJob | string): Need {
  if (typeof entry === "string") return { job: entry, artifacts: true, optional: false };
  return {
    job: entry.job,
    artifacts: entry.artifacts !== false,
    optional: entry.optional === true,
    matrix: entry.parallel?.matrix && selector(entry.parallel.matrix),
  };
}

function retry(value: number | RawJob | undefined): Retry {
  if (typeof value !== "object") return { max: value };
  return {
    max: value.max,
    when: value.when === undefined ? undefined : lines(value.when),
    exitCodes: value.exit_codes === undefined ? undefined : numbers(value.exit_codes),
  };
}

function image(value: RawJob) {
  const { name, entrypoint, pull_policy, docker, kubernetes } = value;
  const executorOptions = { ...(docker && { docker }), ...(kubernetes && { kubernetes }) };
  return {
    name: String(name),
    entrypoint: entrypoint && lines(entrypoint),
    pullPolicy: pull_policy && lines(pull_policy),
    executorOptions: Object.keys(executorOptions).length ? executorOptions : undefined,
  };
}

function cache(entry: RawJob): CacheDefinition {
  return {
    key: typeof entry.key === "number" ? String(entry.key) : entry.key,
    paths: lines(entry.paths),
    untracked: entry.untracked === true,
    policy: entry.policy,
    when: entry.when,
    fallbackKeys: lines(entry.fallback_keys),
    unprotect: entry.unprotect === true,
  };
}

/** A string or a list of strings as a list. */
function lines(value: unknown): string[] {
  return value === undefined || value === null ? [] : [value].flat(10).map(String);
}

const numbers = (value: number | number[]) => [value].flat();

function strings(variables: Record<string, unknown> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables ?? {}).map(([key, value]) => {
      const plain = typeof value === "object" && value !== null ? (value as { value?: unknown }).value : value;
      return [key, String(plain ?? "")];
    }),
  );
}
