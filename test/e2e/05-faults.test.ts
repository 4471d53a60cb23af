/** What goes wrong in AWS, on the host or on the way: no task is left, and the job's log says what happened. */
import { expect } from "chai";
import { driverProcesses, putFault, runningTask, runWith } from "../support/faults";
import { runCi, status, useSandbox } from "../support/sandbox";

/** Prints "here-I-am" and waits for what comes. */
const waiting = "job:\n  script: ['echo here-I\"\"-am', sleep 120]\n";

describe("when something goes wrong", () => {
  useSandbox();

  afterEach("no task is left running", async () => {
    expect((await status()).tasks.running).to.equal(0);
  });

  it("throttled ECS calls delay a job and fail none", async () => {
    for (const action of ["RunTask", "DescribeTasks", "StopTask"])
      await putFault({ fault: "throttle", action, times: 3 });
    const { jobs, tasks } = await runCi("job:\n  script: [echo fine]\n");
    expect(jobs[0].status, jobs[0].trace).to.equal("success");
    expect(tasks).to.deep.equal({ started: 1, stopped: 1, running: 0 });
  });

  it("no capacity is a system failure that says so", async () => {
    await putFault({ fault: "exhaust", capacityProvider: "FARGATE", times: 1000 });
    const { jobs, tasks } = await runCi("job:\n  script: [echo fine]\n");
    await putFault({ fault: "exhaust", capacityProvider: "FARGATE", times: 0 });
    expect(jobs[0]).to.include({ status: "failed", failure_reason: "runner_system_failure" });
    expect(jobs[0].trace).to.match(/capacity/i);
    expect(tasks.started).to.equal(0);
  });

  it("an interrupted spot task is a system failure that says so", async () => {
    const { jobs } = await runWith(waiting, {
      "here-I-am": async () => putFault({ fault: "interrupt-spot", task: await runningTask() }),
    });
    expect(jobs[0]).to.include({ status: "failed", failure_reason: "runner_system_failure" });
    expect(jobs[0].trace).to.match(/spot/i);
  });

  it("a driver killed in the middle of a stage leaves no task", async () => {
    const { jobs, tasks } = await runWith(waiting, {
      "here-I-am": async () => {
        const pids = driverProcesses("run");
        expect(pids).to.have.length(1);
        process.kill(pids[0], "SIGKILL");
      },
    });
    expect(jobs[0].status).to.equal("failed");
    expect(tasks).to.deep.equal({ started: 1, stopped: 1, running: 0 });
  });

  it("a driver killed while it prepares is tried again by the runner, and the first try's task is stopped", async () => {
    const { jobs, tasks } = await runWith("job:\n  script: [echo fine]\n", {
      "Starting a Fargate task": async () => {
        for (const pid of driverProcesses("prepare")) process.kill(pid, "SIGKILL");
      },
    });
    expect(jobs[0].status, jobs[0].trace).to.equal("success");
    expect(tasks.running).to.equal(0);
    expect(tasks.stopped).to.equal(tasks.started);
  });
});
