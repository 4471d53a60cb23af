/** Scripts of every size, output of every kind, every way to end: the result and the log are the script's. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { stateDir } from "../../sandbox/config";
import { processesWhose } from "../../sandbox/world/processes";
import { driverProcesses } from "../support/faults";
import { runCi, scriptLines, withoutBreaks } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";

/** A job of one script that is as long as told, in bytes, of which a program that reads its input gets nothing. */
function longScript(name: string, bytes: number): string {
  const line = `: ${"x".repeat(998)}\n`;
  const padding = line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
  const text = `${padding.slice(0, padding.lastIndexOf("\n"))}\ncat\necho the end of ${name}`;
  return `${name}:\n  script:\n    - |\n${text.replaceAll(/^/gm, "      ")}\n`;
}

const exitCodes = [0, 1, 2, 42, 125, 126, 127, 128, 130, 137, 143, 255];

const mebibyte = 1024 * 1024;

/** The most that is seen, again and again until `over`: resident memory by kind of process, and the tasks' disks. */
async function measure(over: () => boolean): Promise<{ driver: number; agent: number; disk: number }> {
  const most = { driver: 0, agent: 0, disk: 0 };
  while (!over()) {
    const agents = processesWhose(([program = ""]) => path.basename(program) === "ci-agent");
    most.driver = Math.max(most.driver, ...driverProcesses("run").map(peakMemory));
    most.agent = Math.max(most.agent, ...agents.map(peakMemory));
    const disks = `${path.join(stateDir, "aws", "tasks")}/*/*/upper`;
    const { stdout } = await execa("sh", ["-c", `du --summarize --block-size=1 ${disks}`], { reject: false });
    most.disk = Math.max(most.disk, ...stdout.split("\n").map((line) => Number.parseInt(line, 10) || 0));
    await delay(100);
  }
  return most;
}

/** The highest resident memory of a process so far, in bytes. */
function peakMemory(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0; // gone meanwhile
  }
}

describe("a job's script", () => {
  useSandbox();

  it("may be of one byte, of 200 KB and of 5 MB", async () => {
    const sizes = { "200-kB": 200_000, "5-MB": 5_000_000 };
    const long = Object.entries(sizes).map(([name, bytes]) => longScript(name, bytes));
    const { jobs } = await runCi(`one-byte:\n  script: [":"]\n${long.join("")}`);
    expect(jobs).to.have.length(3);
    for (const { name, status, exit_code, trace } of jobs) {
      expect({ name, status, exit_code }, trace.slice(-500)).to.deep.equal({ name, status: "success", exit_code: 0 });
      if (name !== "one-byte") expect(scriptLines(trace)).to.include(`the end of ${name}`);
    }
  });

  it("ends with its own exit code, and after_script runs after each", async () => {
    const job = (name: string, script: string, code: number) =>
      `${name}:\n  script: ['${script}']\n  after_script: [echo status-$CI_JOB_STATUS]\n` +
      `  variables: {GIT_STRATEGY: none}\n  allow_failure: {exit_codes: [${code || 1}]}\n`;
    const signals = { "by-TERM": 143, "by-KILL": 137 };
    const { jobs, exitCode } = await runCi(
      [
        ...exitCodes.map((code) => job(`exit-${code}`, `exit ${code}`, code)),
        ...Object.entries(signals).map(([name, code]) => job(name, `sh -c "kill -${name.slice(3)} \\$\\$"`, code)),
      ].join(""),
    );
    expect(jobs).to.have.length(exitCodes.length + 2);
    for (const { name, status, exit_code, failure_reason, trace } of jobs) {
      const code = signals[name as keyof typeof signals] ?? Number(name.slice("exit-".length));
      const expected = code === 0 ? ["success", null] : ["failed", "script_failure"];
      expect([name, status, failure_reason, exit_code], trace).to.deep.equal([name, ...expected, code]);
      expect(scriptLines(trace)).to.include(`status-${expected[0]}`);
    }
    expect(exitCode).to.equal(0);
  });

  it("may write binary data, end without a newline, and leave a process that holds its output open", async () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => `\\\\x${byte.toString(16).padStart(2, "0")}`).join("");
    const { jobs, exitCode } = await runCi(
      [
        "binary:",
        `  script: ['for i in $(seq 1000); do printf "${bytes}"; done', 'echo; echo after-it', exit 9]`,
        "  allow_failure: {exit_codes: [9]}",
        "no-newline:",
        "  script: ['printf \"no newline\"']",
        "progress:",
        `  script: ['printf "early\\\\rla"; sleep 1; printf "te\\\\n"']`,
        "background:",
        "  script: ['sleep 3600 & echo started it']",
        "",
      ].join("\n"),
    );
    const [binary, noNewline, progress, background] = ["binary", "no-newline", "progress", "background"].map((name) =>
      jobs.find((job) => job.name === name)!,
    );
    expect(exitCode).to.equal(0);
    expect(binary).to.include({ status: "failed", exit_code: 9 });
    expect(scriptLines(binary.trace)).to.include("after-it");
    const printable = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i));
    // Each of the thousand has a carriage return.
    expect(withoutBreaks(binary.trace).split(printable)).to.have.length(1001);
    expect(noNewline.status).to.equal("success");
    expect(scriptLines(noNewline.trace)).to.include("no newline");
    expect(progress.status).to.equal("success");
    expect(progress.trace).to.not.contain("early\rlate");
    expect(withoutBreaks(progress.trace)).to.contain("early\rlate");
    expect(background.status).to.equal("success");
    expect(scriptLines(background.trace)).to.include("started it");
  });

  it("may write 1 GB, which takes neither memory nor disk", async () => {
    let over = false;
    const measuring = measure(() => over);
    const { jobs } = await runCi(
      [
        "job:",
        "  variables: {GIT_STRATEGY: none}",
        "  script:",
        "    - (yes 0123456789 || true) | head -c 10000000 > chunk",
        "    - for i in $(seq 100); do cat chunk; done",
        "",
      ].join("\n"),
    ).finally(() => (over = true));
    const most = await measuring;

    expect(jobs[0].status, jobs[0].trace.slice(-500)).to.equal("success");
    // The runner's output_limit, 4 MiB unless set.
    expect(jobs[0].trace).to.contain("exceeded limit");
    expect(jobs[0].trace.length).to.be.within(4 * mebibyte, 5 * mebibyte);
    expect(most.driver).to.be.within(mebibyte, 64 * mebibyte);
    expect(most.agent).to.be.within(mebibyte, 64 * mebibyte);
    // ci-agent itself and the chunk.
    expect(most.disk).to.be.within(10 * mebibyte, 40 * mebibyte);
  });
});
