/** A running script outlives its connection: it runs once, and its log has no gap and no repetition. */
import { expect } from "chai";
import { setTimeout as delay } from "node:timers/promises";
import type { TaskFault } from "../../sandbox/aws";
import { cancelJob, putFault } from "../support/faults";
import { onHost } from "../support/host";
import { runWith, scriptLines } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";
import { runningTask, runningTasks } from "../support/tasks";

/** Prints 1 to n, ten a second, and counts its own starts. */
const counter = (n: number) =>
  [
    "job:",
    "  script:",
    '    - echo started >> "$CI_BUILDS_DIR/starts"',
    `    - for i in $(seq ${n}); do echo "count-$i"; echo "$i" >> "$CI_BUILDS_DIR/steps"; sleep 0.1; done`,
    '    - echo "starts=$(wc -l < "$CI_BUILDS_DIR/starts") steps=$(wc -l < "$CI_BUILDS_DIR/steps")"',
    "",
  ].join("\n");

const counted = (trace: string) => scriptLines(trace).filter((line) => line.startsWith("count-"));
const upTo = (n: number) => Array.from({ length: n }, (_, i) => `count-${i + 1}`);

/** What befalls the one task that runs. */
const once = async (fault: TaskFault) => putFault({ fault, task: await runningTask() });

/** A fault, and its end after some milliseconds: the length of the cut is what is tested. */
const lasting = (begin: TaskFault, milliseconds: number, end: TaskFault) => async () => {
  const task = await runningTask();
  await putFault({ fault: begin, task });
  await delay(milliseconds);
  await putFault({ fault: end, task });
};

describe("a connection that is lost while a script runs", () => {
  useSandbox();

  it("costs nothing, five times over: reset, killed at sshd, and a network that goes silent or loses the address", async () => {
    const acts = {
      "count-50": () => once("reset-connections"),
      "count-150": lasting("take-address", 4000, "give-address"),
      "count-300": lasting("drop-packets", 4000, "pass-packets"),
      "count-450": () => once("kill-sessions"),
      "count-550": () => once("reset-connections"),
    };
    const { jobs, tasks } = await runWith(counter(600), acts);
    expect(jobs[0].status, jobs[0].trace.slice(-1000)).to.equal("success");
    expect(counted(jobs[0].trace)).to.deep.equal(upTo(600));
    expect(scriptLines(jobs[0].trace)).to.include("starts=1 steps=600");
    expect(tasks).to.deep.equal({ started: 1, stopped: 1, running: 0 });
  });

  it("before it has logged in, again and again, does not make sshd lock the host out", async () => {
    let banners = "";
    const waiting = [
      "job:",
      `  script: ['echo knock-""now; while sleep 1; do echo tick; done']`,
      "  after_script: [echo and-after]",
      "",
    ].join("\n");
    const { jobs } = await runWith(waiting, {
      "knock-now": async ({ id }) => {
        const [{ address }] = await runningTasks();
        const port = `/dev/tcp/${address}/22`;
        // sshd's default is to forgive about fifteen of these.
        await onHost(`for i in $(seq 40); do timeout 5 bash -c ": <${port}"; done`);
        // And of these to drop some beyond ten that are there at once.
        const held = `for i in $(seq 30); do exec {fd}<>${port}; head -c 8 <&$fd; echo; done | sort -u`;
        banners = await onHost(`timeout 60 bash -c '${held}'`);
        await cancelJob(id);
      },
    });
    expect(banners.trim()).to.equal("SSH-2.0-");
    expect(scriptLines(jobs[0].trace), jobs[0].trace).to.include("and-after");
  });

  it("at the script's very end changes no result", async () => {
    // The job ends its own sessions, and at once itself: the report has no connection to go over.
    const script = `job:\n  script: ['echo before; kill -9 $(pgrep -f "[s]shd.*: root"); exit 7']\n`;
    const { jobs } = await runWith(script, {});
    expect(jobs[0], jobs[0].trace).to.include({ status: "failed", exit_code: 7, failure_reason: "script_failure" });
    expect(scriptLines(jobs[0].trace).filter((line) => line === "before")).to.have.length(1);
  });

  it("before the script's end, and comes back after it, costs no line", async () => {
    // The script ends once it notices the cut.
    const server = "/dev/tcp/$CI_SERVER_HOST/$CI_SERVER_PORT";
    const noticing = `while timeout 1 bash -c ": < ${server}"; do sleep 0.1; done`;
    const script = `job:\n  script:\n    - 'echo ready-""now; ${noticing}; echo after; exit 7'\n`;
    const { jobs } = await runWith(script, { "ready-now": lasting("drop-packets", 6000, "pass-packets") });
    expect(jobs[0], jobs[0].trace).to.include({ status: "failed", exit_code: 7, failure_reason: "script_failure" });
    expect(scriptLines(jobs[0].trace).filter((line) => line === "after")).to.have.length(1);
  });
});
