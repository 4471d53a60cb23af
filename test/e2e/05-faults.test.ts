/** What goes wrong in AWS or on the way: no task is left, no job is lost, and the job's log says what happened. */
import { expect } from "chai";
import { cancelJob, putFault } from "../support/faults";
import { runCi, runWith } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";
import { runningTask } from "../support/tasks";

const simple = "job:\n  script: [echo fine]\n";

describe("when AWS misbehaves", () => {
  useSandbox();

  it("throttled ECS calls delay a job and fail none", async () => {
    for (const action of ["RunTask", "DescribeTasks", "StopTask"])
      await putFault({ fault: "throttle", action, times: 3 });
    const { jobs, tasks } = await runCi(simple);
    expect(jobs[0].status, jobs[0].trace).to.equal("success");
    expect(tasks).to.deep.equal({ started: 1, stopped: 1, running: 0 });
  });

  it("answers that get lost are asked for again, and start no second task", async () => {
    // The first is later than the driver waits; the others are cut off.
    await putFault({ fault: "lose-answer", action: "RunTask", times: 1, delay: 30_000 });
    for (const action of ["DescribeTasks", "StopTask"])
      await putFault({ fault: "lose-answer", action, times: 2, delay: 0 });
    const { jobs, tasks } = await runCi(simple);
    expect(jobs[0].status, jobs[0].trace).to.equal("success");
    expect(tasks).to.deep.equal({ started: 1, stopped: 1, running: 0 });
  });

  it("a job waits for capacity, says so, and ends at once where it is cancelled", async () => {
    await putFault({ fault: "exhaust", capacityProvider: "FARGATE", times: 1000 });
    const { jobs, tasks } = await runWith(simple, { "The job waits for it": ({ id }) => cancelJob(id) });
    expect(jobs[0].status, jobs[0].trace).to.equal("canceled");
    expect(jobs[0].trace).to.match(/No capacity: .*Capacity is unavailable.* The job waits for it, for \d+ s more/);
    expect(tasks.started).to.equal(0);
  });

  it("a job on a spot task that AWS takes back has two minutes, and its artifacts where it ends within", async () => {
    const { jobs, tasks } = await runWith(
      [
        "job:",
        "  script:",
        '    - echo here-I""-am',
        "    - until [ -e /run/ci-task-stops.told ]; do sleep 0.1; done",
        "    - grep SigIgn /proc/self/status >result",
        '  after_script: [echo after-""the-end]',
        "  artifacts: { paths: [result] }",
        "next:",
        "  stage: deploy",
        "  script: [cat result]",
        "",
      ].join("\n"),
      { "here-I-am": async () => putFault({ fault: "interrupt-spot", task: await runningTask() }) },
    );
    const [job, next] = jobs;
    expect(job.status, job.trace).to.equal("success");
    expect(job.trace).to.contain("ECS stops this task, as it does when AWS takes spot capacity back.");
    expect(job.trace).to.contain("after-the-end");
    // Behind the entry point, too, a job's processes ignore no signal: the entry point starts sshd in the background.
    expect(next.trace).to.match(/SigIgn:\s*0{16}\n/);
    expect(tasks).to.deep.equal({ started: 2, stopped: 2, running: 0 });
  });

  it("an interrupted spot task is a system failure that says so, at once and when it ends", async () => {
    const { jobs } = await runWith("job:\n  script: ['echo here-I\"\"-am', sleep 3600]\n", {
      "here-I-am": async () => putFault({ fault: "interrupt-spot", task: await runningTask(), notice: 3 }),
    });
    expect(jobs[0]).to.include({ status: "failed", failure_reason: "runner_system_failure" });
    expect(jobs[0].trace).to.contain("ECS stops this task, as it does when AWS takes spot capacity back.");
    expect(jobs[0].trace).to.match(/AWS took back the spot capacity of the task/);
  });
});
