import { expect } from "chai";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Pipeline } from "../../../sandbox/gitlab";
import { longPoll } from "../../../sandbox/gitlab/runner/queue";
import { defaultPatience } from "../../../sandbox/gitlab/runner/watchdog";
import { call, startFixture, variable, type FakeRunner, type Fixture } from "./support";

const { silence, overtime } = defaultPatience;
const oneJob = "job:\n  script: [echo one]\n";

describe("GitLab stand-in: runner API", function () {
  let fixture: Fixture;
  let runner: FakeRunner;
  beforeEach(async () => {
    fixture = await startFixture();
    runner = await fixture.createRunner();
  });
  afterEach(() => fixture.close());

  /** The queue version with which the server holds a request. */
  const upToDate = async (by = runner) => (await by.request()).headers.get("x-gitlab-last-update")!;

  /** A runner takes the job, and its connection is gone as soon as it has the answer. */
  async function takeAndHangUp(pipeline: Pipeline): Promise<{ id: number; token: string }> {
    await once(pipeline.events, "job");
    const socket = (await rawRequest(fixture.gitlab.url, { token: runner.token })).resume();
    let answer = "";
    socket.on("data", (data) => (answer += data));
    while (!/"token":"([^"]+)"/.test(answer)) await once(socket, "data");
    socket.destroy();
    return { id: pipeline.jobs[0].id, token: /"token":"([^"]+)"/.exec(answer)![1] };
  }

  it("knows runners by their token only", async () => {
    const { gitlab } = fixture;
    const verified = await call(gitlab, "POST", "/runners/verify", { token: runner.token, system_id: "s_1" });
    expect([verified.status, verified.body]).to.deep.equal([
      200,
      { id: runner.id, token: runner.token, token_expires_at: null },
    ]);
    expect(gitlab.runners()[0]).to.include({ contacted: true, managers: 1 });
    for (const url of ["/runners/verify", "/jobs/request", "/runners/reset_authentication_token"]) {
      expect((await call(gitlab, "POST", url, { token: "glrt-unknown" })).status).to.equal(403);
    }
    const reset = await call(gitlab, "POST", "/runners/reset_authentication_token", { token: runner.token });
    expect(reset.status).to.equal(201);
    expect((await call(gitlab, "POST", "/runners/verify", { token: runner.token })).status).to.equal(403);
    const token = reset.body.token;
    const body = { token, system_id: "s_1" };
    expect((await call(gitlab, "DELETE", "/runners/managers", body)).status).to.equal(204);
    expect(gitlab.runners()[0].managers).to.equal(0);
    expect((await call(gitlab, "DELETE", "/runners", { token })).status).to.equal(204);
    expect(gitlab.runners()).to.have.length(0);
  });

  it("answers at once without last_update, and holds a runner that is up to date until a job comes", async () => {
    // A held request would outlast this test.
    const first = await runner.request();
    expect(first.status).to.equal(204);

    const held = runner.request({ lastUpdate: first.headers.get("x-gitlab-last-update")! });
    await fixture.pipeline(oneJob);
    const answer = await held;
    expect(answer.status).to.equal(201);
    expect(answer.headers.get("x-gitlab-last-update")).not.to.equal(first.headers.get("x-gitlab-last-update"));
  });

  it("gives each job to one runner only", async () => {
    const other = await fixture.createRunner();
    const requests = [runner, other].map(async (r) => r.request({ lastUpdate: await upToDate(r) }));
    await fixture.pipeline(oneJob);
    const statuses = (await Promise.all(requests)).map((answer) => answer.status);
    expect(statuses.sort()).to.deep.equal([201, 204]);
  });

  it("never hands a job to a client that hung up", async () => {
    const hungUp = new AbortController();
    const lastUpdate = await upToDate();
    const request = runner.request({ lastUpdate, signal: hungUp.signal }).catch((error) => error);
    await fixture.clock.awaited(longPoll);
    hungUp.abort();
    expect((await request).name).to.equal("AbortError");
    const pipeline = await fixture.pipeline(oneJob);
    const job = await runner.take();
    expect(pipeline.jobs[0]).to.include({ id: job.id, status: "running" });
    expect((await runner.finish(job, "success")).status).to.equal(200);
    expect((await pipeline.done).status).to.equal("success");
  });

  it("lets a held request go after a while without a job", async () => {
    const held = runner.request({ lastUpdate: await upToDate() });
    await fixture.clock.awaited(longPoll);
    fixture.clock.advance(longPoll);
    expect((await held).status).to.equal(204);
  });

  it("leaves a job stuck whose runner hung up while it was handed out, as GitLab does", async () => {
    const pipeline = await fixture.pipeline(oneJob);
    await once(pipeline.events, "job");
    // A client that reads nothing and resets the connection as soon as the job is marked as running.
    const socket = await rawRequest(fixture.gitlab.url, { token: runner.token });
    await once(pipeline.events, "job");
    socket.resetAndDestroy();
    expect((await runner.request()).status).to.equal(204);
    expect(pipeline.jobs[0].status).to.equal("running");
  });

  it("leaves a job stuck of which its runner never says a word, and fails it in the end", async () => {
    const pipeline = await fixture.pipeline(oneJob);
    await takeAndHangUp(pipeline);
    fixture.clock.advance(silence);
    expect((await runner.request()).status).to.equal(204);
    expect(pipeline.jobs[0].status).to.equal("running");
    fixture.clock.advance(silence);
    expect((await pipeline.done).jobs[0]).to.include({ status: "failed", failure_reason: "stuck_or_timeout_failure" });
  });

  it("goes on with a job whose runner reports on another connection", async () => {
    const pipeline = await fixture.pipeline(oneJob);
    const job = await takeAndHangUp(pipeline);
    expect((await runner.trace(job, "x", 0)).status).to.equal(202);
    expect(pipeline.jobs[0].status).to.equal("running");
  });

  it("fails a job of which nothing is heard any more", async () => {
    const pipeline = await fixture.pipeline(oneJob);
    const job = await runner.take();
    fixture.clock.advance(silence);
    expect(pipeline.jobs[0].status, "the runner may be slow").to.equal("running");
    await runner.finish(job, "running" as never);
    fixture.clock.advance(silence);
    expect(pipeline.jobs[0].status, "heard of since").to.equal("running");
    fixture.clock.advance(silence);
    expect(pipeline.jobs[0].status).to.equal("failed");
    expect((await pipeline.done).jobs[0]).to.include({
      status: "failed",
      failure_reason: "stuck_or_timeout_failure",
    });
  });

  it("fails a job that outlasts its time, however often its runner reports", async () => {
    const pipeline = await fixture.pipeline("job:\n  timeout: 10 minutes\n  script: [echo]\n");
    const job = await runner.take();
    const touch = () => runner.finish(job, "running" as never);
    for (let spent = 0; spent < 600_000 + overtime; spent += 60_000) {
      expect((await touch()).headers.get("job-status")).to.equal("running");
      fixture.clock.advance(60_000);
    }
    fixture.clock.advance(60_000);
    expect(pipeline.jobs[0].status).to.equal("failed");
    expect((await pipeline.done).jobs[0]).to.include({ status: "failed", failure_reason: "job_execution_timeout" });
    const late = await touch();
    expect([late.status, late.headers.get("job-status")]).to.deep.equal([403, "failed"]);
  });

  it("lets a held request go when the runner is deleted, and when the server ends", async () => {
    const held = runner.request({ lastUpdate: await upToDate() });
    await fixture.rest("DELETE", `/runners/${runner.id}`);
    expect((await held).status).to.equal(403);
    const other = await fixture.createRunner();
    const last = other.request({ lastUpdate: await upToDate(other) }).catch(() => ({ status: "closed" }));
    await fixture.gitlab.close();
    expect((await last).status).to.be.oneOf([204, "closed"]);
  });

  it("wakes a paused runner when it is unpaused", async () => {
    await fixture.rest("PUT", `/runners/${runner.id}`, { paused: true });
    await fixture.pipeline(oneJob);
    expect((await runner.request()).status).to.equal(204);
    const held = runner.request({ lastUpdate: await upToDate() });
    await fixture.rest("PUT", `/runners/${runner.id}`, { paused: false });
    expect((await held).status).to.equal(201);
  });

  it("routes by group, project, tags and protection", async () => {
    await fixture.rest("DELETE", `/runners/${runner.id}`);
    const make = (parameters: Record<string, unknown>) => fixture.createRunner(parameters);
    const wrong = await Promise.all([
      make({ runner_type: "group_type", group_id: 12 }),
      make({ runner_type: "project_type", project_id: 101 }),
      make({ tag_list: ["other"] }),
      make({ tag_list: ["fargate"], run_untagged: true, paused: true }),
    ]);
    await fixture.pipeline("job:\n  tags: [fargate, big]\n  script: [echo]\n");
    for (const r of wrong) expect((await r.request()).status).to.equal(204);
    const right = await make({
      runner_type: "group_type",
      group_id: 10,
      tag_list: ["fargate", "big", "x"],
      run_untagged: false,
    });
    const first = await right.request();
    expect(first.status).to.equal(201);
    await fixture.pipeline(oneJob);
    expect((await right.request()).status, "no untagged jobs").to.equal(204);
    const project = await make({ runner_type: "project_type", project_id: 102, access_level: "ref_protected" });
    expect((await project.request()).status, "own project, protected branch").to.equal(201);
  });

  it("appends the trace only where it ends", async () => {
    const pipeline = await fixture.pipeline(oneJob);
    const chunks: string[] = [];
    pipeline.events.on("trace", (name, chunk) => chunks.push(`${name}:${chunk}`));
    const job = await runner.take();
    const first = await runner.trace(job, "one\n", 0);
    expect(first.status).to.equal(202);
    expect(first.headers.get("range")).to.equal("0-4");
    expect(first.headers.get("job-status")).to.equal("running");
    expect(first.headers.get("x-gitlab-trace-update-interval")).to.equal("3");
    const gap = await runner.trace(job, "three\n", 8);
    expect([gap.status, gap.headers.get("range")]).to.deep.equal([416, "0-4"]);
    expect((await runner.trace(job, "one\n", 0)).status, "the same piece again").to.equal(202);
    expect((await runner.trace(job, "ön", 4)).status).to.equal(202);
    expect((await runner.trace({ ...job, token: "glcbt-x" }, "x", 7)).status).to.equal(403);
    const noRange = await call(fixture.gitlab, "PATCH", `/jobs/${job.id}/trace`, "x", { "job-token": job.token });
    expect(noRange.status).to.equal(400);
    const lies = await call(fixture.gitlab, "PATCH", `/jobs/${job.id}/trace`, "x", {
      ...{ "job-token": job.token, "content-range": "7-99" },
    });
    expect(lies.status).to.equal(400);
    await runner.finish(job, "success");
    const late = await runner.trace(job, "late", 7);
    expect([late.status, late.headers.get("job-status")]).to.deep.equal([403, "success"]);
    const { jobs } = await pipeline.done;
    expect(jobs[0].trace).to.equal("one\nön");
    expect(chunks.join("|")).to.equal("job:one\n|job:ön");
  });

  it("ends every second job at its runner's second word, as it does where it still puts the log together", async () => {
    const statuses: number[] = [];
    for (const _ of [1, 2]) {
      const pipeline = await fixture.pipeline(oneJob);
      const { id, token } = await runner.take();
      const say = () => call(fixture.gitlab, "PUT", `/jobs/${id}`, { token, state: "success" });
      const first = await say();
      statuses.push(first.status);
      if (first.status === 202) {
        expect(first.headers.get("x-gitlab-trace-update-interval")).to.equal("1");
        expect(first.headers.get("job-status")).to.equal("running");
        statuses.push((await say()).status);
      }
      expect((await pipeline.done).status).to.equal("success");
    }
    expect(statuses).to.deep.equal([202, 200, 200]);
  });

  it("fails a job whose log is not the one that its runner has sent", async () => {
    const outputs: [string, Record<string, unknown>, string][] = [
      ["the whole log", { checksum: "crc32:0288c675", bytesize: 7 }, "success"],
      ["another checksum", { checksum: "crc32:0288c676", bytesize: 7 }, "failed"],
      ["a longer log", { checksum: "crc32:0288c675", bytesize: 8 }, "failed"],
      ["no checksum", {}, "success"],
    ];
    for (const [what, output, status] of outputs) {
      const pipeline = await fixture.pipeline(oneJob);
      const job = await runner.take();
      await runner.trace(job, "one\n", 0);
      await runner.trace(job, "two", 4);
      expect((await runner.finish(job, "success", { output })).status).to.equal(200);
      const { jobs } = await pipeline.done;
      const failure_reason = status === "failed" ? "data_integrity_failure" : null;
      expect(jobs[0], what).to.include({ status, failure_reason });
    }
  });

  it("does not tear characters that span two pieces of a trace", async () => {
    const pipeline = await fixture.pipeline(oneJob);
    const chunks: string[] = [];
    pipeline.events.on("trace", (_name, chunk) => chunks.push(chunk));
    const job = await runner.take();
    const bytes = Buffer.from("aé");
    for (const [start, end] of [
      [0, 2],
      [2, 3],
    ]) {
      await fetch(`${fixture.gitlab.url}/api/v4/jobs/${job.id}/trace`, {
        method: "PATCH",
        headers: { "job-token": job.token, "content-type": "text/plain", "content-range": `${start}-${end - 1}` },
        body: bytes.subarray(start, end),
      });
    }
    expect(chunks).to.deep.equal(["a", "é"]);
  });

  it("describes services as GitLab does, with nothing expanded", async () => {
    const all = `{name: "p:16", alias: "db,main", entrypoint: [""], command: [a, "$V"], pull_policy: always,
      docker: {platform: linux/arm64}, variables: {A: $V, N: 1}}`;
    await fixture.pipeline(`job:\n  variables: {V: v}\n  services:\n    - redis:$V\n    - ${all}\n  script: [echo]\n`);
    const plain = { entrypoint: null, ports: [], executor_opts: {}, pull_policy: null, alias: null, command: null };
    const { services } = await runner.take();
    expect(services).to.deep.equal([
      { ...plain, name: "redis:$V", variables: [] },
      {
        ...plain,
        ...{ name: "p:16", alias: "db,main", entrypoint: [""], command: ["a", "$V"], pull_policy: ["always"] },
        executor_opts: { docker: { platform: "linux/arm64" } },
        variables: [
          { key: "A", value: "$V" },
          { key: "N", value: "1" },
        ],
      },
    ]);
  });

  it("describes the job as GitLab does", async () => {
    await fixture.pipeline(
      `variables: {GLOBAL: g, OVER: global}
job:
  image: {name: alpine:3, entrypoint: [""]}
  services: [{name: "postgres:16", alias: db, variables: {A: b}}]
  variables: {OVER: job}
  timeout: 20 minutes
  before_script: [echo before]
  script: [echo one]
  after_script: [echo after]
  cache: [{key: k, paths: [c/], policy: pull, fallback_keys: [f]}]
  artifacts: {paths: [a], exclude: [a/b], when: always, expire_in: 1 day, reports: {junit: r.xml}}
  hooks: {pre_get_sources_script: [echo hook]}
`,
      { variables: { OVER: "pipeline" } },
    );
    await fixture.rest("PUT", `/runners/${runner.id}`, { maximum_timeout: 900, description: "r", tag_list: ["t"] });
    const job = await runner.take();
    expect(job).not.to.have.property("run");
    expect(job.job_info).to.include({ name: "job", stage: "test", project_full_path: "acme/backend/demo" });
    expect(job.runner_info.timeout, "the runner's bound").to.equal(900);
    expect(job.steps).to.deep.equal([
      { name: "script", script: ["echo before", "echo one"], timeout: 900, when: "on_success", allow_failure: false },
      { name: "after_script", script: ["echo after"], timeout: 900, when: "always", allow_failure: true },
    ]);
    expect(job.hooks).to.deep.equal([{ name: "pre_get_sources_script", script: ["echo hook"] }]);
    expect(job.image).to.include({ name: "alpine:3" });
    expect(job.image.entrypoint).to.deep.equal([""]);
    expect(job.services[0]).to.deep.include({
      name: "postgres:16",
      alias: "db",
      variables: [{ key: "A", value: "b" }],
    });
    expect(job.cache).to.deep.equal([
      {
        key: "k-protected",
        untracked: false,
        policy: "pull",
        paths: ["c/"],
        when: "on_success",
        fallback_keys: ["f-protected"],
      },
    ]);
    expect(job.artifacts).to.have.length(2);
    expect(job.artifacts[0]).to.deep.include({
      paths: ["a"],
      exclude: ["a/b"],
      when: "always",
      expire_in: "1 day",
      artifact_type: "archive",
    });
    expect(job.artifacts[1]).to.include({ artifact_type: "junit", artifact_format: "gzip" });
    expect(variable(job, "OVER")).to.equal("pipeline");
    expect(variable(job, "GLOBAL")).to.equal("g");
    expect(variable(job, "CI_JOB_TOKEN")).to.equal(job.token);
    expect(variable(job, "CI_PROJECT_PATH")).to.equal("acme/backend/demo");
    expect(variable(job, "CI_SERVER_URL")).to.equal(fixture.gitlab.url);
    expect(variable(job, "CI_RUNNER_TAGS")).to.equal('["t"]');
    const secret = job.variables.find((v: { key: string }) => v.key === "CI_JOB_TOKEN");
    expect(secret).to.include({ public: false, masked: true });
    expect(job.git_info.refspecs).to.include("+refs/heads/main:refs/remotes/origin/main");
    expect(job.git_info.sha).to.equal(variable(job, "CI_COMMIT_SHA"));
    expect(new Set(job.variables.map((v: { key: string }) => v.key)).size).to.equal(job.variables.length);
  });
});

/** Sends a request for a job and reads nothing of the answer. */
async function rawRequest(url: string, body: unknown): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  const text = JSON.stringify(body);
  socket.pause();
  socket.write(
    `POST /api/v4/jobs/request HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  );
  return socket;
}
