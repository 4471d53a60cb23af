/** A running script outlives its connection: it runs once, and its log has no gap and no repetition. */
import { expect } from "chai";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { driverProcesses, putFault, runningTask, runWith } from "../support/faults";
import { status, useSandbox } from "../support/sandbox";

/** Prints 1 to n, ten a second, and counts its own starts. */
const counter = (n: number) =>
  [
    "job:",
    "  script:",
    '    - echo started >> "$CI_BUILDS_DIR/starts"',
    `    - for i in $(seq ${n}); do echo "count-$i"; sleep 0.1; done`,
    '    - echo "starts=$(wc -l < "$CI_BUILDS_DIR/starts")"',
    "",
  ].join("\n");

const counted = (trace: string) => [...trace.matchAll(/\dO (?:\x1b\[[0-9;]*m)*count-(\d+)/g)].map(([, i]) => Number(i));
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

/** Ends the SSH connections of the drivers that run a stage, from the host's side, as a broken network does. */
async function killConnections(): Promise<void> {
  const ss = ["ss", "--kill", "--tcp", "--no-header", "state", "established", "dport", "=", ":22"];
  const killed = await Promise.all(
    driverProcesses("run").map((pid) => execa("nsenter", ["--target", String(pid), "--net", ...ss])),
  );
  expect(
    killed.filter(({ stdout }) => stdout !== ""),
    "connections that were ended",
  ).to.have.length(1);
}

describe("a connection that is lost while a script runs", () => {
  useSandbox();

  afterEach("no task is left running", async () => {
    expect((await status()).tasks.running).to.equal(0);
  });

  it("costs nothing, five times over: reset, and a network that goes silent", async () => {
    const acts = {
      "count-50": killConnections,
      "count-100": async () => {
        const task = await runningTask();
        await putFault({ fault: "cut-network", task });
        // The length of the cut is what is tested.
        await delay(4000);
        await putFault({ fault: "mend-network", task });
      },
      "count-200": killConnections,
      "count-250": killConnections,
      "count-300": killConnections,
    };
    const { jobs, tasks } = await runWith(counter(350), acts);
    expect(jobs[0].status, jobs[0].trace.slice(-1000)).to.equal("success");
    expect(counted(jobs[0].trace)).to.deep.equal(upTo(350));
    expect(jobs[0].trace).to.match(/O starts=1\b/);
    expect(tasks).to.deep.equal({ started: 1, stopped: 1, running: 0 });
  });

  it("at the script's very end changes no result", async () => {
    // The job ends its own sessions, and at once itself: the report has no connection to go over.
    const script = `job:\n  script: ['echo before; kill -9 $(pgrep -f "[s]shd.*: root"); exit 7']\n`;
    const { jobs } = await runWith(script, {});
    expect(jobs[0], jobs[0].trace).to.include({ status: "failed", exit_code: 7, failure_reason: "script_failure" });
    expect(jobs[0].trace.match(/O before/g)).to.have.length(1);
  });
});
