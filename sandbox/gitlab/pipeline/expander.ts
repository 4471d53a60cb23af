/**
 * Runs gitlab-ci-local, which expands CI files and evaluates their rules, on a git checkout.
 *
 * It leaves the expanded file behind. What it applies of that file only half is seen to here:
 * - It gives the jobs six of the keywords of `default:`; the others are taken from the section.
 * - It says what a job's rules came to, but not which rule matched (whose variables and needs count). The expanded file
 *   is evaluated again with each rule's index written into its `allow_failure:exit_codes`.
 */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { parse, stringify } from "yaml";
import { attempt } from "../../command";
import { environmentIn } from "../command";
import { PipelineError } from "../errors";
import { readCiFile } from "./ci-file";
import { restoreDropped, walk } from "./dropped-keywords";

/** A job as the expanded file has it; its fields are checked by gitlab-ci-local against GitLab's JSON schema. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type RawJob = Record<string, any>;

export interface ExpandedFile {
  stages: string[];
  variables: Record<string, string>;
  jobs: Record<string, RawJob>;
  /** Keywords of `default:` that the jobs don't carry yet. */
  defaults: RawJob;
  /** By job name, one entry per copy: the index of the rule that matched, -1 for none. Only jobs with rules. */
  matchedRules: Record<string, number[]>;
}

interface Options {
  checkout: string;
  variables: Record<string, string>;
}

const keywords = ["hooks", "id_tokens", "interruptible", "retry", "tags", "timeout"];
const notJobs = ["stages", "variables", "workflow", "include", "default", "before_script", "after_script"];
const reserved = new Set([...notJobs, "pages:deploy"]);
const marker = 100_000;
const ciFile = ".gitlab-ci.yml";

/** Of files that expand to the same whatever the variables and the other files are, by content. */
const known = new Map<string, Promise<ExpandedFile>>();
const maxKnown = 100;

/** Expands `.gitlab-ci.yml` in `checkout`. Throws PipelineError with the expander's message where the file is wrong. */
export async function expandFile(options: Options): Promise<ExpandedFile> {
  const file = path.join(options.checkout, ciFile);
  const content = await readFile(file, "utf8");
  const written = await readCiFile(file);
  if (!standsAlone(written)) return expand(written, options);
  const earlier = known.get(content);
  if (earlier) return earlier;
  const expanded = expand(written, options);
  known.set(content, expanded);
  if (known.size > maxKnown) known.delete(known.keys().next().value!);
  expanded.catch(() => known.delete(content));
  return expanded;
}

/** Whether nothing but the file itself decides what it expands to. */
function standsAlone(documents: unknown[]): boolean {
  let alone = documents.length === 1;
  walk(documents, (node) => {
    if (["include", "rules", "workflow"].some((key) => key in node)) alone = false;
  });
  return alone;
}

async function expand(written: unknown[], options: Options): Promise<ExpandedFile> {
  await removeOwnFiles(options.checkout);
  const stateDir = ".expanded";
  await run(["--preview", "--file", ciFile, "--state-dir", stateDir], options);
  const text = await readFile(path.join(options.checkout, stateDir, "expanded-gitlab-ci.yml"), "utf8");
  const rest = parse(text, { maxAliasCount: -1 }) as RawJob;
  const jobs: Record<string, RawJob> = {};
  for (const [name, job] of Object.entries(rest)) {
    if (!reserved.has(name) && !name.startsWith(".")) jobs[name] = job as RawJob;
  }
  if (!Object.keys(jobs).length) throw new PipelineError("jobs config should contain at least one visible job");
  const inherited = (rest.default ?? {}) as RawJob;
  const defaults = Object.fromEntries(keywords.filter((key) => key in inherited).map((key) => [key, inherited[key]]));

  const { workflow } = rest;
  const workflowJob = "workflow rules of the sandbox";
  const evaluated: Record<string, RawJob> = { ...jobs };
  if (workflow?.rules) evaluated[workflowJob] = { stage: ".pre", script: ["true"], rules: workflow.rules };
  const matchedRules = await matchRules(evaluated, rest, options);
  if (matchedRules[workflowJob]) {
    const rule = workflow.rules[matchedRules[workflowJob][0]];
    if (!rule || rule.when === "never") throw new PipelineError("the pipeline is filtered out by its workflow rules");
    delete matchedRules[workflowJob];
  }

  const restored = restoreDropped(written, jobs);
  return { stages: rest.stages, variables: rest.variables ?? {}, jobs: restored, defaults, matchedRules };
}

/** gitlab-ci-local has settings in files of its own, which GitLab knows nothing of: a project's must not count here. */
async function removeOwnFiles(checkout: string): Promise<void> {
  const own = (await readdir(checkout)).filter((name) => name.startsWith(".gitlab-ci-local"));
  await Promise.all(own.map((name) => rm(path.join(checkout, name), { recursive: true })));
}

async function matchRules(
  jobs: Record<string, RawJob>,
  rest: RawJob,
  options: Options,
): Promise<Record<string, number[]>> {
  const withRules = Object.entries(jobs).filter(([, job]) => job.rules);
  if (!withRules.length) return {};
  const marked = Object.fromEntries(
    withRules.map(([name, job]) => {
      const rules = job.rules.map((rule: RawJob, index: number) => ({
        ...(rule.if !== undefined && { if: rule.if }),
        ...(rule.exists !== undefined && { exists: rule.exists }),
        ...(rule.changes !== undefined && { changes: rule.changes }),
        // `always`, so that it tells a match from none.
        when: "always",
        allow_failure: { exit_codes: [marker + index] },
      }));
      const { stage, parallel, variables, inherit } = job;
      return [name, { stage, parallel, variables, inherit, script: ["true"], rules }];
    }),
  );
  const file = ".gitlab-ci-rules.yml";
  const content = { stages: rest.stages, variables: rest.variables, ...marked };
  await writeFile(path.join(options.checkout, file), stringify(JSON.parse(JSON.stringify(content))));
  const listed = JSON.parse(await run(["--list-json", "--no-json-schema-validation", "--file", file], options)) as {
    when: string;
    allow_failure: { exit_codes: number[] };
  }[];

  // The list keeps the file's order, a job's copies side by side.
  let position = 0;
  return Object.fromEntries(
    withRules.map(([name, job]) => {
      const copies = listed.slice(position, (position += countCopies(job)));
      return [name, copies.map((copy) => (copy.when === "never" ? -1 : copy.allow_failure.exit_codes[0] - marker))];
    }),
  );
}

function countCopies({ parallel }: RawJob): number {
  if (parallel === undefined || parallel === null) return 1;
  if (typeof parallel === "number") return parallel;
  const length = (value: unknown) => (Array.isArray(value) ? value.length : 1);
  return parallel.matrix
    .map((entry: RawJob) => Object.values(entry).reduce<number>((count, value) => count * length(value), 1))
    .reduce((sum: number, count: number) => sum + count, 0);
}

async function run(args: string[], options: Options): Promise<string> {
  const variables = Object.entries(options.variables).flatMap(([key, value]) => ["--variable", `${key}=${value}`]);
  const predefined = Object.keys(options.variables).join(",");
  const command = [
    require.resolve("gitlab-ci-local"),
    ...args,
    "--no-evaluate-rule-changes",
    ...(predefined ? ["--ignore-predefined-vars", predefined] : []),
    // The expander takes it from the checkout; a merge request's pipeline is no branch's.
    ...("CI_COMMIT_BRANCH" in options.variables ? [] : ["--unset-variable", "CI_COMMIT_BRANCH"]),
    ...variables,
  ];
  const { exitCode, stdout, stderr } = await attempt(process.execPath, command, {
    cwd: options.checkout,
    env: { ...environmentIn(options.checkout), NO_COLOR: "1", FORCE_COLOR: "0" },
    name: "gitlab-ci-local",
    // It ends by process.exit().
    throughFile: true,
  });
  if (exitCode !== 0) throw new PipelineError(explain(`${stderr}\n${stdout}`));
  return stdout;
}

/** The expander's message without its colours, timings, notes about the remote and stack traces. */
function explain(output: string): string {
  const noise = [
    /^\s*$/,
    /^\s+at /,
    /^Using fallback git user/,
    /^Unable to retrieve default remote branch/,
    /^\s*Command failed with exit code/,
    /^fatal: ref refs\/remotes/,
    /^(parsing and downloads finished|json schema validated) in/,
    /^Node\.js v/,
  ];
  const [message] = stripVTControlCharacters(output).split("For further troubleshooting");
  const lines = message.split("\n");
  const kept = lines.filter((line) => !noise.some((pattern) => pattern.test(line)));
  return kept.slice(0, 20).join("\n").trim() || "gitlab-ci-local refused the file without saying why";
}
