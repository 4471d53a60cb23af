/** A driver from a repository of one's own: fetched by its commit, compiled on the host, and what happens where it isn't. */
import { expect } from "chai";
import { execa } from "execa";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { gitlabTokens, gitlabUrl, projectDir, stateDir } from "../../sandbox/config";
import { onHost } from "../support/host";
import { runCi } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";
import { scratch } from "../support/scratch";
import { pulumi as runPulumi } from "../support/engine";
import { exportStack, withSettings } from "../support/stack";

/** On the sandbox's GitLab, private like all of its projects. */
const repository = `${gitlabUrl}/acme/platform/demo.git`;
const bare = path.join(stateDir, "gitlab", "repositories", "105.git");

/** As a credential helper of the person who deploys. */
const credentials = {
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "credential.helper",
  GIT_CONFIG_VALUE_0: '!echo username=oauth2; echo "password=$FORK_TOKEN"; :',
  FORK_TOKEN: gitlabTokens.repository.token,
};

describe("a driver from a repository", () => {
  useSandbox();
  const folder = scratch();
  const fork = path.join(folder.dir, "fork");
  const main = path.join(fork, "driver", "cmd", "fargate", "command.go");
  const original = readFileSync(path.join(projectDir, "driver", "cmd", "fargate", "command.go"), "utf8");
  const commits: Record<string, string> = {};

  const git = async (...args: string[]) => (await execa("git", args, { cwd: fork })).stdout;
  const commit = async (source: string) => {
    writeFileSync(main, source);
    await git("add", "--all", "--force");
    await git("-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message=fork");
    await git("push", "--quiet", "--force", bare, "HEAD:refs/heads/fork");
    return git("rev-parse", "HEAD");
  };
  const withVersion = (version: string) => {
    expect(original).to.contain('const version = "');
    return original.replace(/const version = "[^"]*"/, `const version = "${version}"`);
  };
  const pulumi = async (
    args: string[],
    driver: Record<string, string> | undefined,
    env: Record<string, string> = credentials,
  ) => runPulumi([...args, "--config-file", await withSettings(folder, driver ? { driver } : {})], env);
  const up = (ref: string) => pulumi(["up", "--yes", "--skip-preview"], { repository, ref });
  const versionOnHost = () => onHost("/opt/gitlab-runner/fargate --version");

  before(
    "a fork whose driver has another version, one that does not compile, and one that refuses its configuration",
    async () => {
      cpSync(path.join(projectDir, "driver"), path.join(fork, "driver"), { recursive: true });
      await git("init", "--quiet", "--initial-branch=fork");
      commits.first = await commit(withVersion("0.1.0-fork.1"));
      commits.broken = await commit("package main\n\nfunc main() { this does not compile }\n");
      commits.refusing = await commit(`${original}\nfunc init() { panic("fargate.toml: not for me") }\n`);
      commits.second = await commit(withVersion("0.1.0-fork.2"));
    },
  );
  after("the bundled driver is back", async () => {
    const { exitCode, all } = await pulumi(["up", "--yes", "--skip-preview"], undefined);
    folder.remove();
    expect(exitCode, all).to.equal(0);
    expect(await versionOnHost()).to.not.contain("fork");
  });

  it("is fetched at its commit, compiled on the host, and runs a job", async () => {
    expect(await onHost("command -v git || echo none"), "hosts need no git").to.equal("none");
    const { exitCode, all } = await up(commits.first);
    expect(exitCode, all).to.equal(0);
    expect(all).to.contain(`${repository} ${commits.first}`);
    expect(await versionOnHost()).to.contain("0.1.0-fork.1");
    const { jobs, tasks, exitCode: pipeline } = await runCi("job:\n  script: [echo by the fork]\n");
    expect(pipeline).to.equal(0);
    expect(jobs[0].trace).to.contain("by the fork").and.contain("0.1.0-fork.1");
    expect(tasks).to.deep.equal({ started: 1, stopped: 1, running: 0 });
    expect((await exportStack()).text).to.not.contain(gitlabTokens.repository.token);
  });

  it("is told at preview where the ref does not exist or the repository cannot be read", async () => {
    const preview = async (ref: string, env?: Record<string, string>) => {
      const { exitCode, all } = await pulumi(["preview"], { repository, ref }, env);
      expect(exitCode).to.not.equal(0);
      expect(all).to.not.match(/\n\s+at .*\.ts:/);
      return all;
    };
    expect(await preview("v9.9.9")).to.contain(`driver.ref: ${repository} has no branch or tag "v9.9.9"`);
    const missing = "0123456789abcdef0123456789abcdef01234567";
    expect(await preview(missing)).to.contain(`driver.ref: ${repository} has no commit ${missing}`);
    expect(await preview("fork", {})).to.contain(`driver.repository: ${repository} cannot be read`);
  });

  it("leaves the old driver in its place where the deployment of a new one fails", async () => {
    const missing = await up("v9.9.9");
    expect(missing.exitCode).to.not.equal(0);
    const broken = await up(commits.broken);
    expect(broken.exitCode).to.not.equal(0);
    expect(broken.all).to.contain("cmd/fargate/command.go");
    const refusing = await up(commits.refusing);
    expect(refusing.exitCode).to.not.equal(0);
    expect(refusing.all).to.contain("fargate.toml: not for me");
    expect(await versionOnHost()).to.contain("0.1.0-fork.1");
    const { jobs, exitCode } = await runCi("job:\n  script: [echo still there]\n");
    expect(exitCode).to.equal(0);
    expect(jobs[0].trace).to.contain("still there").and.contain("0.1.0-fork.1");
  });

  it("follows a branch at the next deployment, which the preview shows", async () => {
    const preview = await pulumi(["preview", "--diff"], { repository, ref: "fork" });
    expect(preview.exitCode, preview.all).to.equal(0);
    expect(preview.all).to.contain(`${repository} ${commits.second}`);
    const { exitCode, all } = await up("fork");
    expect(exitCode, all).to.equal(0);
    expect(await versionOnHost()).to.contain("0.1.0-fork.2");
    const again = await pulumi(["preview", "--expect-no-changes"], { repository, ref: "fork" });
    expect(again.exitCode, again.all).to.equal(0);
  });
});
