/** Jobs that are cancelled, or out of time, in each stage: their processes end, and their tasks. */
import { expect } from "chai";
import { processesWhose } from "../../sandbox/world/processes";
import { cancelJob, putFault } from "../support/faults";
import { runCi, runWith, scriptLines } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";

/** Tells whether the script's own process, or one that it started, is still there. */
const looking = `pgrep -f "sleep 424[2]" || echo none-left`;

/** The runner hears of a cancel when it sends a piece of the log. */
const ticking = "while sleep 1; do echo tick; done";

/** The jobs' processes on this machine. */
const leftSleeping = () => processesWhose(([program, time]) => program === "sleep" && time === "4242");

describe("a job that does not come to its end", () => {
  useSandbox();

  it("is cancelled in its script, whose processes are gone before after_script, and in after_script", async () => {
    const { jobs, tasks } = await runWith(
      [
        "in-script:",
        `  script: ['(trap "" TERM; sleep 4242) & echo script-""runs; ${ticking}']`,
        `  after_script: ['${looking}']`,
        "in-after-script:",
        "  script: [echo]",
        `  after_script: ['sleep 4242 & echo after-""runs; ${ticking}']`,
        "",
      ].join("\n"),
      {
        "script-runs": ({ id }) => cancelJob(id),
        // An ordinary cancel lets after_script go on.
        "after-runs": ({ id }) => cancelJob(id, true),
      },
    );
    expect(jobs.map((job) => job.status)).to.deep.equal(["canceled", "canceled"]);
    const { trace } = jobs.find(({ name }) => name === "in-script")!;
    expect(scriptLines(trace), trace).to.include("none-left");
    expect(tasks).to.deep.equal({ started: 2, stopped: 2, running: 0 });
    expect(leftSleeping()).to.deep.equal([]);
  });

  it("is cancelled while its task's sshd does not answer", async () => {
    await putFault({ fault: "trouble-ssh", refused: 1, reset: 0, late: 0 });
    const { jobs, tasks } = await runWith("job:\n  script: [echo never]\n", {
      " runs, connecting": ({ id }) => cancelJob(id),
    });
    expect(jobs[0].status, jobs[0].trace).to.equal("canceled");
    expect(tasks).to.deep.equal({ started: 1, stopped: 1, running: 0 });
  });

  it("is out of time in its script, in after_script and as a whole", async () => {
    const { jobs, tasks } = await runCi(
      [
        "in-script:",
        "  variables: {RUNNER_SCRIPT_TIMEOUT: 5s}",
        "  script: [sleep 4242]",
        `  after_script: ['${looking}']`,
        "in-after-script:",
        "  variables: {RUNNER_AFTER_SCRIPT_TIMEOUT: 5s}",
        "  script: [echo]",
        "  after_script: [sleep 4242]",
        "as-a-whole:",
        "  timeout: 20 seconds",
        "  script: [sleep 4242]",
        "",
      ].join("\n"),
    );
    const by = Object.fromEntries(jobs.map((job) => [job.name, job]));
    for (const name of ["in-script", "as-a-whole"]) {
      expect(by[name], by[name].trace).to.include({ status: "failed", failure_reason: "job_execution_timeout" });
    }
    expect(scriptLines(by["in-script"].trace), by["in-script"].trace).to.include("none-left");
    // What after_script comes to is no result of the job.
    expect(by["in-after-script"].status, by["in-after-script"].trace).to.equal("success");
    expect(tasks).to.deep.equal({ started: 3, stopped: 3, running: 0 });
    expect(leftSleeping()).to.deep.equal([]);
  });

  it("is out of time while its task's sshd does not answer", async () => {
    await putFault({ fault: "trouble-ssh", refused: 1, reset: 0, late: 0 });
    const { jobs, tasks } = await runCi("job:\n  timeout: 15 seconds\n  script: [echo never]\n");
    expect(jobs[0], jobs[0].trace).to.include({ status: "failed", failure_reason: "job_execution_timeout" });
    expect(tasks.running).to.equal(0);
    expect(tasks.stopped).to.equal(tasks.started);
  });
});
