import { expect } from "chai";
import { gzipSync } from "node:zlib";
import { call, startFixture, variable, type FakeRunner, type Fixture, type Payload } from "./support";

describe("GitLab stand-in: artifacts", function () {
  let fixture: Fixture;
  let runner: FakeRunner;
  beforeEach(async () => {
    fixture = await startFixture();
    runner = await fixture.createRunner();
  });
  afterEach(() => fixture.close());

  const upload = (job: Payload, content: string | Buffer, query = "", name = "artifacts.zip") => {
    const form = new FormData();
    form.append("file", new Blob([content as BlobPart]), name);
    return call(fixture.gitlab, "POST", `/jobs/${job.id}/artifacts${query}`, form, { "job-token": job.token });
  };
  const download = (id: number, token: string) =>
    call(fixture.gitlab, "GET", `/jobs/${id}/artifacts`, undefined, { "job-token": token });

  it("hands archives and dotenv variables from one job to the next", async () => {
    const pipeline = await fixture.pipeline(`
stages: [one, two]
a: {stage: one, script: [echo], artifacts: {paths: [x], reports: {dotenv: build.env}}}
b: {stage: one, script: [echo]}
c: {stage: two, script: [echo]}
d: {stage: two, script: [echo], dependencies: []}
e: {stage: two, script: [echo], needs: [{job: a, artifacts: false}]}
f: {stage: two, script: [echo], needs: [a]}
`);
    const jobs = [await runner.take(), await runner.take()];
    const a = jobs.find((job) => job.job_info.name === "a")!;
    expect((await upload(a, "zip content")).status).to.equal(201);
    expect((await upload(a, "zip content")).status, "the same type twice").to.equal(400);
    const query = "?artifact_type=dotenv&artifact_format=gzip";
    expect((await upload(a, gzipSync('FROM_A=1\nQUOTED="two words"\n'), query, ".env.gz")).status).to.equal(201);
    for (const job of jobs) await runner.finish(job, "success");

    const next: Record<string, Payload> = {};
    for (let i = 0; i < 4; i++) {
      const job = await runner.take();
      next[job.job_info.name] = job;
    }
    for (const name of ["c", "f"]) {
      expect(next[name].dependencies, name).to.deep.equal([
        { id: a.id, name: "a", token: next[name].token, artifacts_file: { filename: "artifacts.zip", size: 11 } },
      ]);
      expect(variable(next[name], "FROM_A")).to.equal("1");
      expect(variable(next[name], "QUOTED")).to.equal("two words");
    }
    for (const name of ["d", "e"]) {
      expect(next[name].dependencies, name).to.deep.equal([]);
      expect(variable(next[name], "FROM_A"), name).to.equal(undefined);
    }
    const got = await download(a.id, next.c.token);
    expect([got.status, got.body]).to.deep.equal([200, "zip content"]);
    for (const name of ["c", "d", "e", "f"]) await runner.finish(next[name], "success");
    expect((await pipeline.done).status).to.equal("success");
    expect((await download(a.id, next.c.token)).status, "the job has ended").to.equal(403);
  });

  it("refuses uploads and downloads without a running job's token", async () => {
    await fixture.pipeline("job: {script: [echo], artifacts: {paths: [x]}}");
    const job = await runner.take();
    expect((await upload({ ...job, token: "glcbt-x" }, "x")).status).to.equal(403);
    expect((await upload({ ...job, id: 999 }, "x")).status).to.equal(404);
    expect((await download(job.id, "glcbt-x")).status).to.equal(403);
    expect((await download(job.id, job.token)).status, "nothing uploaded").to.equal(404);
    const query = "?artifact_type=../../x";
    expect((await upload(job, "x", query)).status).to.equal(400);
    expect((await upload(job, "not gzip", "?artifact_type=dotenv&artifact_format=gzip")).status).to.equal(400);
    expect((await upload(job, gzipSync("no variable"), "?artifact_type=dotenv&artifact_format=gzip")).status).to.equal(
      400,
    );
    const json = { "job-token": job.token };
    expect((await call(fixture.gitlab, "POST", `/jobs/${job.id}/artifacts`, { a: 1 }, json)).status).to.equal(400);
    const broken = await call(fixture.gitlab, "POST", `/jobs/${job.id}/artifacts`, "--x\r\nbroken", {
      ...{ "job-token": job.token, "content-type": "multipart/form-data; boundary=x" },
    });
    expect(broken.status).to.be.within(400, 499);
    expect((await upload(job, "x")).status).to.equal(201);
  });

  it("keeps artifacts of another project away", async () => {
    await fixture.pipeline("job: {script: [echo], artifacts: {paths: [x]}}");
    const job = await runner.take();
    await upload(job, "secret");
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${fixture.dir}/other.yml`, "job: {script: [echo]}");
    await fixture.gitlab.createPipeline({ groupPath: "acme/data", ciFile: `${fixture.dir}/other.yml` });
    const other = await runner.take();
    expect((await download(job.id, other.token)).status).to.equal(404);
  });
});
