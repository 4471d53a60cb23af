/** kill -9 on the host: after the runner's own clean-up and one reap no task runs. */
import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { kill, processesWhose } from "../../sandbox/world/processes";
import { calm, driverProcesses, putFault } from "../support/faults";
import { reap } from "../support/host";
import { abandonAt, runWith } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";
import { liveTasks } from "../support/tasks";
import { until } from "../support/until";

const simple = "job:\n  script: [echo fine]\n";
/** Prints "here-I-am" and waits for what comes. */
const waiting = "job:\n  script: ['echo here-I\"\"-am', sleep 3600]\n";

/** Kills the one driver of a call, as soon as there is one. */
async function killDriver(call: string): Promise<void> {
  await until(`the driver's process of "${call}"`, () => driverProcesses(call).length > 0);
  for (const pid of driverProcesses(call)) process.kill(pid, "SIGKILL");
}

/** Whether the host's driver has written down that a job is over. */
function saidOver(pid: number): boolean {
  const folder = `/proc/${pid}/root/opt/gitlab-runner/metadata/tasks`;
  return readdirSync(folder).some((file) => readFileSync(`${folder}/${file}`, "utf8").includes('"over":true'));
}

describe("a driver that is killed", () => {
  useSandbox();

  /** The runner tries again what was killed while it prepared; the first try's task is stopped. */
  const kills: Record<string, { set?: () => Promise<unknown>; marker: string; act: () => Promise<unknown> }> = {
    "before RunTask has come through": {
      set: () => putFault({ fault: "throttle", action: "RunTask", times: 1000 }),
      marker: "Starting a Fargate task",
      act: async () => {
        await killDriver("prepare");
        await calm();
      },
    },
    "between RunTask's effect and its answer": {
      set: () => putFault({ fault: "lose-answer", action: "RunTask", times: 1, delay: 60_000 }),
      marker: "Starting a Fargate task",
      act: async () => {
        await until("a task", async () => (await liveTasks()).length > 0);
        await killDriver("prepare");
      },
    },
    "before its task's sshd answers": {
      set: () => putFault({ fault: "trouble-ssh", refused: 1, reset: 0, late: 0 }),
      marker: " runs, connecting",
      act: async () => {
        await calm();
        await killDriver("prepare");
      },
    },
  };
  for (const [when, { set, marker, act }] of Object.entries(kills)) {
    it(`${when} is tried again by the runner, and its task is stopped`, async () => {
      await set?.();
      const { jobs, tasks } = await runWith(simple, { [marker]: act });
      expect(jobs[0].status, jobs[0].trace).to.equal("success");
      expect(jobs[0].trace.match(/Starting a Fargate task/g)).to.have.length(2);
      expect(tasks.running).to.equal(0);
      expect(tasks.stopped).to.equal(tasks.started);
    });
  }

  it("in the middle of a stage fails the job, and its task is stopped", async () => {
    const { jobs, tasks } = await runWith(waiting, { "here-I-am": () => killDriver("run") });
    expect(jobs[0].status).to.equal("failed");
    expect(tasks).to.deep.equal({ started: 1, stopped: 1, running: 0 });
  });

  it("while it stops the task leaves that to reap", async () => {
    let left = -1;
    // It gets no further than having written down that the job is over.
    await putFault({ fault: "throttle", action: "StopTask", times: 1000 });
    const { jobs, tasks } = await runWith("job:\n  script: ['echo here-I\"\"-am']\n", {
      "here-I-am": async () => {
        await until("the driver to write down that the job is over", () => driverProcesses("cleanup").some(saidOver));
        await killDriver("cleanup");
        await until("the killed driver to be gone", () => driverProcesses("cleanup").length === 0);
        await calm();
        left = (await liveTasks()).length;
        await reap();
      },
    });
    expect(jobs[0].status, jobs[0].trace).to.equal("success");
    expect(left).to.equal(1);
    expect(tasks).to.deep.equal({ started: 1, stopped: 1, running: 0 });
  });

  it("together with its runner leaves the task to reap", async () => {
    await abandonAt(waiting, "here-I-am", async () => {
      const runner = () =>
        processesWhose(([program, command]) => program === "/usr/local/bin/gitlab-runner" && command === "run");
      const pids = [...runner(), ...driverProcesses("run")];
      expect(pids).to.have.length(2);
      // systemd ends a driver whose runner has ended, and may come before this.
      for (const pid of pids) kill(pid, "SIGKILL");
      await until("systemd to start another runner", () => runner().some((pid) => !pids.includes(pid)));
      await reap();
      await until("the task to end", async () => (await liveTasks()).length === 0);
    });
  });
});
