/** The stand-in for Alpine's gitlab-runner: what it takes and what it refuses. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { recipe } from "../../../sandbox/setup/recipes";
import { versions } from "../../../sandbox/setup/versions";
import { scratch } from "../../support/scratch";

describe("Alpine's gitlab-runner, as the sandbox packs it", () => {
  const folder = scratch();
  after(() => folder.remove());
  const newer = path.join(folder.dir, "newer");
  const script = readFileSync(recipe("apk", "older-gitlab-runner.sh"), "utf8")
    .replace("@VERSION@", "18.11.2")
    .replace("/usr/libexec/gitlab-runner-newer", newer);
  folder.file("newer", '#!/bin/sh\necho "newer $*"\n', { mode: 0o755 });
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script, "gitlab-runner", ...args], { encoding: "utf8" });
    return { status, stdout, stderr };
  };

  it("is older than the hosts'", () => {
    const [alpine, host] = [versions.alpineGitlabRunner, versions.gitlabRunner].map((text) =>
      text.split(".").map(Number),
    );
    expect(alpine![0]).to.be.lessThan(host![0]!);
    expect(run("--version").stdout).to.match(/^Version: +18\.11\.2$/m);
  });

  for (const flag of ["--alternate-url", "--alternate-head-url", "--alternate-gocloud-url"]) {
    for (const args of [[flag, "http://x"], [`${flag}=http://x`]]) {
      it(`refuses ${args.join(" ")} as a program does that does not know the flag`, () => {
        const { status, stdout, stderr } = run("cache-extractor", "--file", "a.zip", ...args);
        expect(status).to.equal(1);
        expect(stdout).to.equal(`Incorrect Usage: flag provided but not defined: ${flag.slice(1)}\n\n`);
        expect(stderr).to.equal(`FATAL: flag provided but not defined: ${flag.slice(1)}\n`);
      });
    }
  }

  it("does all else as the newer one", () => {
    for (const args of [
      ["cache-extractor", "--file", "a.zip", "--head-url", "http://x"],
      ["cache-archiver", "--file", "a.zip", "--alternate-file", "b.zip"],
      ["artifacts-uploader", "--id", "1"],
    ]) {
      expect(run(...args)).to.deep.equal({ status: 0, stdout: `newer ${args.join(" ")}\n`, stderr: "" });
    }
    expect(run("verify-version", "--expected", "18.11.2").status).to.equal(1);
  });
});
