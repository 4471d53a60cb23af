import { expect } from "chai";
import { mkdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import type { JobView, Pipeline } from "../../../sandbox/gitlab";
import { startFixture, variable, type FakeRunner, type Fixture, type Payload } from "./support";

/** What a job of this name comes to. */
type Script = (job: Payload, attempt: number) => { state: "success" | "failed"; extra?: Record<string, unknown> };

describe("GitLab stand-in: pipelines", function () {
  let fixture: Fixture;
  let runner: FakeRunner;
  before(async () => {
    fixture = await startFixture();
    runner = await fixture.createRunner();
  });
  after(() => fixture.close());

  /** Runs the pipeline; jobs named in `failing` fail with the exit code, all others succeed. Tells the order of starts. */
  async function play(content: string, failing: Record<string, number> = {}, options = {}) {
    const script: Script = ({ job_info: { name } }) =>
      name in failing
        ? { state: "failed", extra: { failure_reason: "script_failure", exit_code: failing[name] } }
        : { state: "success" };
    const pipeline = await fixture.pipeline(content, options);
    const order = await runAll(pipeline, script);
    const result = await pipeline.done;
    const statuses = Object.fromEntries(result.jobs.map((job) => [job.name, job.status]));
    return { pipeline, order, result, statuses };
  }

  async function runAll(pipeline: Pipeline, script: Script): Promise<string[]> {
    const order: string[] = [];
    let over = false;
    void pipeline.done.then(() => (over = true));
    while (!over) {
      const answer = await runner.request();
      if (answer.status === 201) {
        const job = answer.body;
        order.push(job.job_info.name);
        const attempt = order.filter((name) => name === job.job_info.name).length - 1;
        const { state, extra } = script(job, attempt);
        await runner.finish(job, state, extra);
      }
      await new Promise(setImmediate);
    }
    return order;
  }

  it("runs stage after stage, and needs without regard to stages", async () => {
    const pipeline = await fixture.pipeline(`
stages: [one, two, three]
a: {stage: one, script: [x]}
b: {stage: two, script: [x]}
early: {stage: three, needs: [], script: [x]}
c: {stage: three, script: [x]}
d: {stage: three, needs: [a], script: [x]}
last: {stage: .post, script: [x]}
`);
    const jobs: Record<string, Payload> = {};
    const startable = async () => {
      await new Promise(setImmediate);
      const names: string[] = [];
      for (;;) {
        const { status, body } = await runner.request();
        if (status !== 201) return names;
        names.push(body.job_info.name);
        jobs[body.job_info.name] = body;
      }
    };
    const finish = (name: string) => runner.finish(jobs[name], "success");
    expect(await startable()).to.deep.equal(["a", "early"]);
    await finish("a");
    expect(await startable()).to.deep.equal(["b", "d"]);
    await finish("early");
    await finish("d");
    expect(await startable()).to.deep.equal([]);
    await finish("b");
    expect(await startable()).to.deep.equal(["c"]);
    await finish("c");
    expect(await startable()).to.deep.equal(["last"]);
    await finish("last");
    expect((await pipeline.done).status).to.equal("success");
  });

  it("skips what depends on a failure, runs on_failure and always", async () => {
    const { statuses, result, order } = await play(
      `
stages: [one, two, three]
bad: {stage: one, script: [x]}
good: {stage: one, script: [x]}
next: {stage: two, script: [x]}
needs-good: {stage: two, needs: [good], script: [x]}
needs-bad: {stage: two, needs: [bad], script: [x]}
needs-skipped: {stage: three, needs: [needs-bad], script: [x]}
fix: {stage: two, when: on_failure, script: [x]}
always: {stage: three, when: always, script: [x]}
`,
      { bad: 1 },
    );
    expect(statuses).to.deep.equal({
      ...{ bad: "failed", good: "success", next: "skipped", "needs-good": "success", "needs-bad": "skipped" },
      ...{ "needs-skipped": "skipped", fix: "success", always: "success" },
    });
    expect(order).not.to.include("next");
    expect(result.status).to.equal("failed");
    expect(result.jobs.find((job) => job.name === "bad")).to.include({
      exit_code: 1,
      failure_reason: "script_failure",
    });
    expect(result.jobs.find((job) => job.name === "next")).to.include({
      exit_code: null,
      queued_s: null,
      duration_s: null,
    });
  });

  it("lets a listed exit code fail, and no other", async () => {
    const file = `
stages: [one, two]
allowed: {stage: one, script: [x], allow_failure: {exit_codes: [42, 43]}}
any: {stage: one, script: [x], allow_failure: true}
next: {stage: two, script: [x]}
`;
    const green = await play(file, { allowed: 42, any: 1 });
    expect(green.result.status).to.equal("success");
    expect(green.statuses).to.deep.equal({ allowed: "failed", any: "failed", next: "success" });
    const red = await play(file, { allowed: 41 });
    expect(red.result.status).to.equal("failed");
    expect(red.statuses.next).to.equal("skipped");
  });

  it("retries by count, reason and exit code", async () => {
    const pipeline = await fixture.pipeline(`
third-time: {script: [x], retry: 2}
wrong-reason: {script: [x], retry: {max: 2, when: [runner_system_failure]}}
right-reason: {script: [x], retry: {max: 1, when: runner_system_failure}}
exit-code: {script: [x], retry: {max: 2, exit_codes: 137}}
wrong-code: {script: [x], retry: {max: 2, exit_codes: [137]}}
`);
    const fail = (failure_reason: string, exit_code?: number) => ({
      state: "failed" as const,
      extra: { failure_reason, exit_code },
    });
    const order = await runAll(pipeline, (job, attempt) => {
      switch (job.job_info.name) {
        case "third-time":
          return attempt < 2 ? fail("script_failure", 1) : { state: "success" };
        case "right-reason":
          return attempt < 1 ? fail("runner_system_failure") : { state: "success" };
        case "exit-code":
          return fail("script_failure", 137);
        default:
          return fail("script_failure", 1);
      }
    });
    const count = (name: string) => order.filter((other) => other === name).length;
    expect(["third-time", "wrong-reason", "right-reason", "exit-code", "wrong-code"].map(count)).to.deep.equal([
      3, 1, 2, 3, 1,
    ]);
    const { jobs } = await pipeline.done;
    expect(jobs).to.have.length(5);
    expect(jobs.find((job) => job.name === "third-time")!.status).to.equal("success");
    expect(pipeline.jobs.filter((job) => job.retried)).to.have.length(5);
  });

  it("unrolls parallel, applies rules with their variables, and defaults", async () => {
    const pipeline = await fixture.pipeline(
      `
default:
  tags: [t]
  retry: 1
  timeout: 10 minutes
  interruptible: true
variables: {GLOBAL: g, LEVEL: global}
three: {parallel: 3, script: [x]}
matrix:
  script: [x]
  parallel:
    matrix:
      - {OS: [linux, mac], ARCH: arm64}
      - {OS: windows, ARCH: [x86]}
needs-one:
  script: [x]
  needs: [{job: matrix, parallel: {matrix: [{OS: mac}]}}]
.base: {script: [echo base]}
ruled:
  extends: .base
  inherit: {default: false, variables: [GLOBAL]}
  variables: {LEVEL: job}
  allow_failure: false
  rules:
    - if: '$WANT == "no"'
      when: never
    - if: '$WANT == "yes" && $CI_COMMIT_BRANCH == "main" && $CI_PROJECT_PATH == "acme/backend/demo"'
      variables: {LEVEL: rule}
      allow_failure: true
    - variables: {LEVEL: other}
excluded: {script: [x], rules: [{if: $CI_COMMIT_TAG}]}
plain: {script: [x], timeout: 1h 30m, retry: 0, inherit: {variables: false}}
`,
      { variables: { WANT: "yes" } },
    );
    await fixture.rest("PUT", `/runners/${runner.id}`, { tag_list: ["t"] });
    const seen: Record<string, Payload> = {};
    await runAll(pipeline, (job) => {
      seen[job.job_info.name] = job;
      return { state: "success" };
    });
    expect(Object.keys(seen)).to.have.members([
      ...["three 1/3", "three 2/3", "three 3/3"],
      ...["matrix: [linux, arm64]", "matrix: [mac, arm64]", "matrix: [windows, x86]"],
      ...["needs-one", "ruled", "plain"],
    ]);
    expect(variable(seen["three 2/3"], "CI_NODE_INDEX")).to.equal("2");
    expect(variable(seen["three 2/3"], "CI_NODE_TOTAL")).to.equal("3");
    expect(variable(seen["matrix: [mac, arm64]"], "OS")).to.equal("mac");
    expect(variable(seen.plain, "CI_NODE_INDEX")).to.equal(undefined);
    expect(variable(seen.ruled, "LEVEL")).to.equal("rule");
    expect(variable(seen.ruled, "GLOBAL")).to.equal("g");
    expect(seen.ruled.runner_info.timeout, "no defaults inherited: the project's").to.equal(3600);
    expect(seen.plain.runner_info.timeout).to.equal(5400);
    expect(variable(seen.plain, "GLOBAL")).to.equal(undefined);
    expect(seen["three 1/3"].runner_info.timeout).to.equal(600);
    expect(pipeline.jobs.find((job) => job.name === "ruled")!.allowFailure).to.equal(true);
  });

  it("hands on a script of 2 MB whole", async () => {
    const line = `: ${"x".repeat(1000)}`;
    const script = `${Array.from({ length: 2000 }, () => line).join("\n")}\necho the end`;
    await fixture.pipeline(JSON.stringify({ big: { script: [script] } }));
    const job = await runner.take();
    expect(job.steps[0].script).to.deep.equal([script]);
    await runner.finish(job, "success");
  });

  it("leaves manual jobs unplayed: optional ones hold nothing up, the others block", async () => {
    const optional = await play(`
stages: [one, two]
button: {stage: one, when: manual, script: [x]}
next: {stage: two, script: [x]}
`);
    expect(optional.statuses).to.deep.equal({ button: "manual", next: "success" });
    expect(optional.result.status).to.equal("success");
    const blocking = await play(`
stages: [one, two]
button: {stage: one, script: [x], rules: [{when: manual}]}
next: {stage: two, script: [x]}
`);
    expect(blocking.statuses).to.deep.equal({ button: "manual", next: "created" });
    expect(blocking.result.status).to.equal("manual");
  });

  it("cancels: at once what has no runner, by way of `canceling` what has one", async () => {
    const pipeline = await fixture.pipeline(`
stages: [one, two]
running: {stage: one, script: [x]}
pending: {stage: one, script: [x]}
later: {stage: two, script: [x]}
`);
    const events: string[] = [];
    pipeline.events.on("job", ({ name, status }: JobView) => events.push(`${name} ${status}`));
    const job = await runner.take();
    pipeline.cancel();
    const status = (name: string) => pipeline.jobs.find((other) => other.name === name)!.status;
    expect(["running", "pending", "later"].map(status)).to.deep.equal(["canceling", "canceled", "canceled"]);
    const trace = await runner.trace(job, "still here", 0);
    expect([trace.status, trace.headers.get("job-status")]).to.deep.equal([202, "canceling"]);
    const touched = await runner.finish(job, "running" as never);
    expect([touched.status, touched.headers.get("job-status")]).to.deep.equal([200, "canceling"]);
    await runner.finish(job, "failed", { failure_reason: "job_canceled" });
    const { jobs, status: whole } = await pipeline.done;
    expect(jobs[0]).to.include({ status: "canceled", failure_reason: null, exit_code: null });
    expect(whole).to.equal("canceled");
    expect(events.filter((event) => event.startsWith("running"))).to.deep.equal([
      ...["running pending", "running running", "running canceling", "running canceled"],
    ]);
  });

  it("cancels at once, and tells so, where the runner can't end a job gracefully or is forced", async () => {
    for (const how of ["old runner", "forced"]) {
      const pipeline = await fixture.pipeline("job: {script: [x]}");
      await new Promise(setImmediate);
      const { body: job } = await runner.request({ features: { cancel_gracefully: how === "forced" } });
      fixture.gitlab.cancelJob(job.id, { force: how === "forced" });
      expect((await pipeline.done).jobs[0].status, how).to.equal("canceled");
      const answer = await runner.trace(job, "x", 0);
      expect([answer.status, answer.headers.get("job-status")]).to.deep.equal([403, "canceled"]);
    }
    expect(() => fixture.gitlab.cancelJob(99_999)).to.throw("no job 99999");
  });

  it("keys caches by files, prefix and protection", async () => {
    const file = `
job:
  script: [x]
  cache:
    - {key: {files: [a.lock, missing.lock]}, paths: [a]}
    - {key: {files: [missing.lock], prefix: p}, paths: [b]}
    - {key: fixed, paths: [c], unprotect: true, untracked: true}
    - {paths: [d]}
`;
    const keys = async (lock: string) => {
      await fixture.pipeline(file, { files: { "a.lock": lock, "other.txt": String(Math.random()) } });
      const job = await runner.take();
      await runner.finish(job, "success");
      expect(job.cache.map((cache: Payload) => cache.untracked)).to.deep.equal([false, false, true, false]);
      return job.cache.map((cache: Payload) => cache.key) as string[];
    };
    const first = await keys("1");
    expect(first.slice(1)).to.deep.equal(["p-default-protected", "fixed", "default-protected"]);
    expect(first[0]).to.match(/^[0-9a-f]{40}-protected$/);
    expect(await keys("1"), "unchanged file").to.deep.equal(first);
    expect((await keys("2"))[0], "changed file").not.to.equal(first[0]);
  });

  it("includes local files and project content", async () => {
    const { order } = await play(
      "include: ci/more.yml\n",
      {},
      { files: { "ci/more.yml": "included: {script: [x]}\n" } },
    );
    expect(order).to.deep.equal(["included"]);
  });

  const services = (...all: string[]) => `job: {script: [x], services: [${all.join(", ")}]}\n`;
  const refusals: [string, string, RegExp][] = [
    ["broken YAML", "job:\n  script: [echo\n", /\.gitlab-ci\.yml: .*at line 3/s],
    ["no jobs", "stages: [a]\n", /at least one visible job/],
    ["a job without script", "job: {stage: test}\n", /job must have script specified|script/],
    ["an unknown stage", "job: {stage: nope, script: [x]}\n", /stage/],
    ["an unknown key", "job: {script: [x], shell: zsh}\n", /shell/],
    ["an unknown need", "job: {script: [x], needs: [nope]}\n", /needs: \[nope\] for job could not be found/],
    [
      "a need that rules leave out",
      "a: {script: [x], rules: [{if: $NOPE}]}\nb: {script: [x], needs: [a]}\n",
      /'b' job needs 'a' job, but 'a' does not exist in the pipeline/,
    ],
    ["a maximum of more retries", "job: {script: [x], retry: {max: 3}}\n", /property 'max' must be <= 2 at job\.retry/],
    [
      "a retry for a reason that is none",
      "job: {script: [x], retry: {max: 1, when: [nosuch]}}\n",
      /must be equal to the allowed value at job\.retry\.when/,
    ],
    [
      "a retry for an exit code that is no number",
      "job: {script: [x], retry: {max: 1, exit_codes: ['99']}}\n",
      /property type must be integer at job\.retry\.exit_codes/,
    ],
    ["a timeout that is none", "job: {script: [x], timeout: soon}\n", /jobs:job:timeout: 'soon' is not a duration/],
    ["workflow rules that say no", "workflow: {rules: [{if: $NOPE}]}\njob: {script: [x]}\n", /workflow rules/],
    ["rules that leave nothing", "job: {script: [x], rules: [{when: never}]}\n", /no job of the file/],
    [
      "an unknown key of a service",
      services("{name: a, ports: [80]}"),
      /^jobs:job:services:service .*unknown keys: ports$/,
    ],
    ["a service without name", services("{alias: a}"), /^jobs:job:services:service name can't be blank/],
    ["an alias that is no text", services("{name: a, alias: 3}"), /'alias' property type must be string/],
    [
      "a service's command that is no list",
      services("{name: a, command: b}"),
      /services\[0\]\.command must be an array/,
    ],
    ["a service's variable that is no text", services("{name: a, variables: {A: {value: b}}}"), /variables hash/],
    [
      "a pull policy that is none",
      services("{name: a, pull_policy: [sometimes]}"),
      /:pull_policy config should be .*always/,
    ],
    ["no pull policy of several", services("{name: a, pull_policy: []}"), /:pull_policy config should be/],
    [
      "an unknown option of Docker",
      "default: {image: {name: a, docker: {x: 1}}}\njob: {script: [x]}\n",
      /^default:image:docker .*: x$/,
    ],
    ["child pipelines", "job: {trigger: {include: a.yml}}\n", /child and downstream pipelines|a\.yml/],
    ["a missing include", "include: missing.yml\njob: {script: [x]}\n", /missing\.yml/],
  ];
  describe("refuses a file with", () => {
    let errors: unknown[];
    // Side by side: the expander's start is what takes the time.
    before(async () => {
      errors = await Promise.all(refusals.map(([, content]) => fixture.pipeline(content).catch((e: Error) => e)));
    });
    refusals.forEach(([what, , message], index) => {
      it(what, () => {
        const error = errors[index];
        expect(error).to.be.instanceOf(Error).with.property("name", "PipelineError");
        expect((error as Error).message).to.match(message);
        expect((error as Error).message).not.to.match(/of the sandbox|\.expanded|node_modules/);
      });
    });
    it("any of these, before anything runs", async () => {
      expect((await runner.request()).status).to.equal(204);
    });
  });

  it("refuses an unknown group and a missing file by name", async () => {
    const { gitlab, dir } = fixture;
    const group = await gitlab.createPipeline({ groupPath: "acme/nope", ciFile: "x.yml" }).catch((e: Error) => e);
    expect((group as Error).message).to.match(/no group 'acme\/nope'.*acme\/backend/);
    const file = await gitlab
      .createPipeline({ groupPath: "acme", ciFile: path.join(dir, "x.yml") })
      .catch((e: Error) => e);
    expect((file as Error).message).to.contain("x.yml: no such file");
  });

  it("expands a file as GitLab does, whatever settings for its expander the project has", async () => {
    const files = {
      ".gitlab-ci-local.yml": "added: {script: [x]}\n",
      ".gitlab-ci-local-env": "FILE=other.yml\n",
      ".gitlab-ci-local/.env": "FILE=other.yml\n",
      "other.yml": "other: {script: [x]}\n",
    };
    expect((await play("own: {script: [x]}\n", {}, { files })).order).to.deep.equal(["own"]);
  });

  it("expands a file that depends on others and on variables each time anew", async () => {
    const content = "include: more.yml\njob: {script: [x], rules: [{if: '$WANT'}]}\n";
    const names = async (included: string, variables = {}) =>
      (await play(content, {}, { files: { "more.yml": `${included}: {script: [x]}\n` }, variables })).order;
    expect(await names("first", { WANT: "1" })).to.have.members(["first", "job"]);
    expect(await names("second")).to.deep.equal(["second"]);
  });

  it("runs many pipelines at the same time", async () => {
    const folder = path.join(fixture.dir, "many");
    await mkdir(folder);
    await writeFile(path.join(folder, "ci.yml"), "job: {script: [x]}");
    const create = () => fixture.gitlab.createPipeline({ groupPath: "acme/data", ciFile: path.join(folder, "ci.yml") });
    const pipelines = await Promise.all([create(), create(), create(), create(), create()]);
    for (const pipeline of pipelines) await runAll(pipeline, () => ({ state: "success" }));
    const results = await Promise.all(pipelines.map(({ done }) => done));
    expect(results.map(({ status }) => status)).to.deep.equal(Array(5).fill("success"));
    expect(new Set(results.map(({ id }) => id)).size).to.equal(5);
  });
});
