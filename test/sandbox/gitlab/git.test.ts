import { expect } from "chai";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { startFixture, variable, type FakeRunner, type Fixture, type Payload } from "./support";

const run = promisify(execFile);
const env = { ...process.env, GIT_TERMINAL_PROMPT: "0", GIT_CONFIG_GLOBAL: "/dev/null" };
const oneJob = "job:\n  script: [echo one]\n";

describe("GitLab stand-in: git over HTTP", function () {
  let fixture: Fixture;
  let runner: FakeRunner;
  let job: Payload;
  before(async () => {
    fixture = await startFixture();
    runner = await fixture.createRunner();
    const files = {
      "README.md": "hello\n",
      "src/deep/a.txt": "a\n",
      "node_modules/x": "no",
      "big.bin": "x".repeat(2_000_000),
    };
    await fixture.pipeline(oneJob, { files });
    job = await runner.take();
  });
  after(() => fixture.close());

  const git = (...args: string[]) => run("git", args, { env, cwd: fixture.dir });
  const refused = (url: string) =>
    git("ls-remote", url).then(
      () => "",
      (error: { stderr: string }) => error.stderr,
    );
  const url = (project: string, user?: string, password?: string) => {
    const parsed = new URL(`${fixture.gitlab.url}/${project}.git`);
    if (user) parsed.username = user;
    if (password) parsed.password = password;
    return parsed.toString();
  };

  it("clones with the token of a running job", async () => {
    await git("clone", "--quiet", job.git_info.repo_url, "clone");
    expect(await readFile(path.join(fixture.dir, "clone/src/deep/a.txt"), "utf8")).to.equal("a\n");
    expect(await readFile(path.join(fixture.dir, "clone/.gitlab-ci.yml"), "utf8")).to.equal(oneJob);
    const { stdout } = await git("-C", "clone", "ls-files");
    expect(stdout).not.to.contain("node_modules");
  });

  it("fetches as the runner does: refspecs of the payload, shallow, the commit's content", async () => {
    await git("init", "--quiet", "fetched");
    const { repo_url, refspecs, depth, sha } = job.git_info;
    await git("-C", "fetched", "fetch", "--quiet", `--depth=${depth}`, repo_url, ...refspecs);
    await git("-C", "fetched", "checkout", "--quiet", sha);
    expect(await readFile(path.join(fixture.dir, "fetched/README.md"), "utf8")).to.equal("hello\n");
    expect(variable(job, "CI_COMMIT_SHA")).to.equal(sha);
  });

  it("refuses without, with a wrong and with another project's token, and all pushing", async () => {
    expect(await refused(url("acme/backend/demo"))).to.match(/Authentication failed|could not read Username/);
    expect(await refused(url("acme/backend/demo", "gitlab-ci-token", "glcbt-wrong"))).to.contain(
      "Authentication failed",
    );
    expect(await refused(url("acme/data/demo", "gitlab-ci-token", job.token))).to.contain("not found");
    expect(await refused(url("acme/nope/demo", "gitlab-ci-token", job.token))).to.contain("not found");
    expect(await refused(url("../../etc", "gitlab-ci-token", job.token))).to.match(/not found|Authentication failed/);
    const push = await git("-C", "fetched", "push", job.git_info.repo_url, "HEAD:refs/heads/other").catch(
      (e) => e.stderr,
    );
    expect(push).to.contain("403");
  });

  it("forgets the token when the job ends; keeps each pipeline's commit", async () => {
    const { repo_url, sha } = job.git_info;
    await runner.finish(job, "success");
    expect(await refused(repo_url)).to.contain("Authentication failed");
    await fixture.pipeline(oneJob);
    const next = await runner.take();
    expect(next.git_info.before_sha).to.equal(sha);
    const { stdout } = await git("ls-remote", next.git_info.repo_url);
    expect(stdout).to.contain(`${sha}\trefs/pipelines/${job.job_info.pipeline_id}`);
    expect(stdout).to.contain(`${next.git_info.sha}\trefs/heads/main`);
    await git("clone", "--quiet", next.git_info.repo_url, "alone");
    expect((await git("-C", "alone", "ls-files")).stdout, "a file of another name comes alone").to.equal(
      ".gitlab-ci.yml\n",
    );
    await runner.finish(next, "success");
  });

  it("takes what git would from a work tree", async () => {
    const folder = path.join(fixture.dir, "worktree/inner");
    await mkdir(folder, { recursive: true });
    await git("init", "--quiet", "worktree");
    const write = (name: string, text: string) => writeFile(path.join(folder, name), text);
    await write("../outside", "no");
    await write(".gitignore", "ignored\n");
    await write("ignored", "no");
    await write("new", "yes");
    await write(".gitlab-ci.yml", oneJob);
    const ciFile = path.join(folder, ".gitlab-ci.yml");
    await fixture.gitlab.createPipeline({ groupPath: "acme/backend", ciFile, sourceDir: folder });
    const next = await runner.take();
    await git("clone", "--quiet", next.git_info.repo_url, "from-worktree");
    expect((await git("-C", "from-worktree", "ls-files")).stdout).to.equal(".gitignore\n.gitlab-ci.yml\nnew\n");
  });

  it("refuses a folder of more than 64 MiB", async () => {
    const folder = path.join(fixture.dir, "large");
    await mkdir(folder);
    await writeFile(path.join(folder, ".gitlab-ci.yml"), oneJob);
    await writeFile(path.join(folder, "blob"), Buffer.alloc(65 * 1024 * 1024));
    const made = fixture.gitlab.createPipeline({ groupPath: "acme", ciFile: path.join(folder, ".gitlab-ci.yml") });
    expect((await made.catch((error) => error)).message).to.contain("more than 64 MiB");
  });
});
