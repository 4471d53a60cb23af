/** Jobs in Fargate tasks: what the developer whose job runs there sees. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { RunResult } from "../../sandbox/control/protocol";
import { runCi, scriptLines } from "../support/pipelines";
import { sandbox, useSandbox } from "../support/sandbox";
import { scratch } from "../support/scratch";
import { taskOf } from "../support/tasks";

const job = (result: RunResult, name: string) => {
  const found = result.jobs.find((one) => one.name === name);
  if (!found) throw new Error(`no job ${name}; there are ${result.jobs.map((one) => one.name).join(", ")}`);
  return found;
};

describe("jobs in Fargate tasks", () => {
  useSandbox();

  it("fail the pipeline where failing is not allowed, and with it the command that runs it", async () => {
    const folder = scratch();
    try {
      const file = folder.file("pipeline.yml", "job:\n  script: [exit 3]\n  allow_failure: {exit_codes: [4]}\n");
      const json = path.join(folder.dir, "out.json");
      const { exitCode, all } = await sandbox(["run", file, "--group", "acme/backend", "--json", json]);
      expect(exitCode, all).to.equal(1);
      expect(all).to.contain("The pipeline failed.");
      expect(job(JSON.parse(readFileSync(json, "utf8")), "job")).to.include({ status: "failed", exit_code: 3 });
    } finally {
      folder.remove();
    }
  });

  it("run in the stack's image as root, each in a task of its own", async () => {
    const result = await runCi(
      "job:\n  parallel: 2\n  script:\n    - cat /etc/alpine-release\n    - id -un\n    - umask\n    - git --version\n    - ip -4 -o addr show dev eth0 || hostname -i\n",
    );
    for (const one of result.jobs) {
      expect(one.trace).to.match(/\n.*3\.23\.\d+/);
      expect(one.trace).to.match(/\broot\b/);
      expect(one.trace).to.match(/\b0022\b/);
      expect(one.trace).to.contain("git version");
    }
    const addresses = result.jobs.map((one) => /172\.31\.\d+\.\d+/.exec(one.trace.split("git version").pop()!)?.[0]);
    expect(new Set(addresses).size, addresses.join(" ")).to.equal(2);
  });

  it("say in their log that image: and services: are ignored", async () => {
    const result = await runCi(
      "job:\n  image: node:24\n  services: [postgres:18]\n  script: [cat /etc/alpine-release]\n",
    );
    expect(job(result, "job").status).to.equal("success");
    expect(job(result, "job").trace).to.match(/image.*node:24.*ignored|ignor.*image.*node:24/i);
    expect(job(result, "job").trace).to.match(/postgres:18/);
  });

  it("are held to their task's memory: a job that takes more is ended, and its log names the limit", async () => {
    // 256 MiB, and sixteen times as much: more than the task has, and not more than a machine can spare if nobody stops it.
    const script = 'BEGIN { s = "x"; while (n++ < 28) s = s s; while (m++ < 16) all[m] = s m }';
    const result = await runCi(`job:\n  script:\n    - awk '${script}'\n    - echo still here\n`);
    const greedy = job(result, "job");
    expect(greedy, greedy.trace).to.include({ status: "failed", failure_reason: "runner_system_failure" });
    const { memory } = await taskOf(greedy);
    expect(greedy.trace)
      .to.match(new RegExp(`the task [0-9a-f]{32} ran out of memory \\(its limit is ${memory} MiB\\)`))
      .and.contain("exit code 137")
      .and.contain("Give the task more memory");
    expect(scriptLines(greedy.trace)).not.to.include("still here");
    expect(result.tasks).to.deep.equal({ started: 1, stopped: 1, running: 0 });
  });

  it("hand artifacts on, expand a matrix, follow needs and rules", async () => {
    const result = await runCi(
      [
        "stages: [make, use]",
        "make:",
        "  stage: make",
        "  script: [echo from-make > made.txt]",
        "  artifacts: {paths: [made.txt]}",
        "skipped:",
        "  stage: make",
        "  script: [exit 1]",
        "  rules: [{if: '$NEVER_SET'}]",
        "use:",
        "  stage: use",
        "  needs: [make]",
        "  parallel: {matrix: [{FLAVOUR: [sweet, sour]}]}",
        "  script: ['cat made.txt', 'echo tastes $FLAVOUR']",
        "",
      ].join("\n"),
    );
    expect(result.exitCode).to.equal(0);
    expect(result.jobs.map(({ name }) => name).sort()).to.deep.equal(["make", "use: [sour]", "use: [sweet]"]);
    expect(job(result, "use: [sour]").trace).to.contain("from-make").and.to.contain("tastes sour");
  });

  it("are refused as a whole where the file is wrong", async () => {
    let message = "";
    await runCi("job:\n  script: [echo]\n  needs: [missing]\n").catch((error: Error) => (message = error.message));
    expect(message).to.contain("missing");
  });
});
