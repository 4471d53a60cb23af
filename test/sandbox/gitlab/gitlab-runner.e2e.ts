/** The stand-in with the real gitlab-runner; its custom executor runs the scripts on this machine. Needs no root. */
import { expect } from "chai";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import type { JobResult, Pipeline, PipelineResult } from "../../../sandbox/gitlab";
import { longPoll } from "../../../sandbox/gitlab/runner/queue";
import { prepareArtifacts } from "../../../sandbox/setup";
import { startFixture, type Fixture } from "./support";

describe("GitLab stand-in with gitlab-runner", function () {
  this.timeout(120_000);
  let fixture: Fixture;
  let runner: ChildProcess;
  const output: string[] = [];

  before(async () => {
    const { runner: binary } = await prepareArtifacts({ onProgress: () => undefined });
    fixture = await startFixture();
    const { token } = await fixture.createRunner({ runner_type: "group_type", group_id: 10, description: "local" });
    const config = await writeConfig(fixture.dir, fixture.gitlab.url, token);
    runner = spawn(binary, ["run", "--config", config], {
      cwd: fixture.dir,
      env: { ...process.env, HOME: fixture.dir, PATH: `${path.dirname(binary)}:${process.env.PATH}` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [runner.stdout!, runner.stderr!]) stream.on("data", (data) => output.push(String(data)));
  });

  after(async () => {
    if (runner?.exitCode === null) {
      runner.kill("SIGTERM");
      await once(runner, "exit");
    }
    await fixture?.close();
  });

  it("runs a pipeline of all kinds of jobs", async () => {
    const pipeline = await fixture.pipeline(pipelineOfAllKinds, { files: { "greeting.txt": "hello\n" } });
    cancelAt(fixture, pipeline, "cancelled", "waiting");
    const result = await pipeline.done;
    const jobs = byName(result);
    const told = JSON.stringify(result.jobs, null, 1) + output.join("");
    for (const name of [
      "clone",
      "made",
      "found",
      "dotenv",
      "at-once 1/3",
      "at-once 2/3",
      "at-once 3/3",
      "rule",
      "last",
    ]) {
      expect(jobs[name], told).to.include({ status: "success", exit_code: 0, failure_reason: null });
    }
    expect(jobs["exit-42"]).to.include({ status: "failed", exit_code: 42, failure_reason: "script_failure" });
    expect(jobs.cancelled).to.include({ status: "canceled", exit_code: null, failure_reason: null });
    expect(jobs.cancelled.trace).to.contain("after_script: canceled");
    expect(jobs["too-long"]).to.include({ status: "failed", failure_reason: "job_execution_timeout" });
    expect(jobs["on-failure"], "allowed failures are none").to.include({ status: "skipped", queued_s: null });
    expect(result.status).to.equal("success");
    expect(jobs.clone.trace).to.contain("hello");
    expect(jobs.clone.trace).not.to.match(/glcbt-|glrt-/);
    expect(jobs["exit-42"].trace).to.contain("after_script: failed");
    for (const job of result.jobs.filter(({ status }) => status !== "skipped")) {
      expect(job.queued_s, job.name).to.be.at.least(0);
      expect(job.duration_s, job.name).to.be.at.least(0);
    }
  });

  it("hands a job out as soon as it is queued: as the answer to the request that is held", async () => {
    // The stand-in's clock is stopped, so nothing but a job ends the request.
    await fixture.clock.awaited(longPoll);
    const { jobs } = await (await fixture.pipeline("job: {script: [echo]}")).done;
    expect(jobs[0].status).to.equal("success");
  });

  it("tries again what failed, as often as it may", async () => {
    const pipeline = await fixture.pipeline(`
twice:
  retry: {max: 1, exit_codes: [7]}
  script: [exit 7]
once:
  retry: {max: 2, when: [runner_system_failure]}
  script: [exit 7]
`);
    const result = await pipeline.done;
    expect(result.status).to.equal("failed");
    const attempts = (name: string) => pipeline.jobs.filter((job) => job.name === name).map(({ attempt }) => attempt);
    expect(attempts("twice")).to.deep.equal([0, 1]);
    expect(attempts("once")).to.deep.equal([0]);
    expect(result.jobs.map(({ name, exit_code }) => [name, exit_code])).to.have.deep.members([
      ["twice", 7],
      ["once", 7],
    ]);
  });
});

const pipelineOfAllKinds = `
stages: [one, two, three]
default:
  after_script: ['echo "after_script: $CI_JOB_STATUS"']
variables: {GLOBAL: g}
at-once: {stage: one, parallel: 3, script: [sleep 2, 'echo "$CI_NODE_INDEX of $CI_NODE_TOTAL"']}
clone: {stage: one, script: [cat greeting.txt, git log -1, 'test "$(git rev-parse HEAD)" = "$CI_COMMIT_SHA"']}
made:
  stage: one
  script: [mkdir out, 'echo "$CI_JOB_ID" > out/id', 'echo "MADE=$CI_JOB_ID" > made.env', 'echo no > out/not']
  artifacts: {paths: [out/], exclude: [out/not], reports: {dotenv: made.env}}
exit-42: {stage: one, script: [exit 42], allow_failure: {exit_codes: [42]}}
cancelled: {stage: one, script: [echo waiting, sleep 100], allow_failure: true}
too-long: {stage: one, script: [sleep 100], timeout: 3 seconds, allow_failure: true}
found: {stage: two, needs: [made], script: ['test "$(cat out/id)" = "$MADE"', test ! -e out/not]}
dotenv: {stage: two, dependencies: [made], script: ['test -n "$MADE"']}
rule:
  stage: two
  script: ['test "$LEVEL" = rule']
  variables: {LEVEL: job}
  rules: [{if: '$CI_COMMIT_BRANCH == "main"', variables: {LEVEL: rule}}]
on-failure: {stage: three, when: on_failure, script: [echo no]}
last: {stage: three, script: [test ! -e out/not]}
`;

const byName = (result: PipelineResult): Record<string, JobResult> =>
  Object.fromEntries(result.jobs.map((job) => [job.name, job]));

/** Cancels the job once its log holds the text. */
function cancelAt(fixture: Fixture, pipeline: Pipeline, name: string, text: string): void {
  let seen = "";
  pipeline.events.on("trace", (job: string, chunk: string) => {
    if (job !== name || seen.includes(text)) return;
    seen += chunk;
    if (seen.includes(text)) fixture.gitlab.cancelJob(pipeline.jobs.find((candidate) => candidate.name === name)!.id);
  });
}

async function writeConfig(dir: string, url: string, token: string): Promise<string> {
  const run = path.join(dir, "run.sh");
  // A group of its own is what the runner's TERM reaches; the exit code goes the way that the executor wants.
  await writeFile(
    run,
    `#!/bin/sh
trap 'kill -TERM "$child"; wait "$child"; exit 143' TERM
bash "$1" & child=$!
wait "$child"; code=$?
[ "$code" -eq 0 ] && exit 0
echo "$code" > "$BUILD_EXIT_CODE_FILE"
exit "$BUILD_FAILURE_EXIT_CODE"
`,
  );
  // A folder of its own for each job, as if each had a machine of its own.
  const configure = path.join(dir, "config.sh");
  await writeFile(configure, `#!/bin/sh\necho "{\\"builds_dir\\": \\"${dir}/builds/$CUSTOM_ENV_CI_JOB_ID\\"}"\n`);
  for (const script of [run, configure]) await chmod(script, 0o755);
  const config = path.join(dir, "config.toml");
  for (const name of ["builds", "cache"]) await mkdir(path.join(dir, name));
  await writeFile(
    config,
    `concurrent = 20
check_interval = 3
[[runners]]
  name = "local"
  url = "${url}"
  token = "${token}"
  executor = "custom"
  shell = "bash"
  builds_dir = "${dir}/builds"
  cache_dir = "${dir}/cache"
  [runners.custom]
    config_exec = "${configure}"
    run_exec = "${run}"
    graceful_kill_timeout = 5
    force_kill_timeout = 1
`,
    { mode: 0o600 },
  );
  return config;
}
