/** AWS as it is on a busy day: answers from copies that are behind, tasks that start slowly, an account that is full. */
import { expect } from "chai";
import { calm, cancelJob, driverProcesses, putFault } from "../support/faults";
import { onHost } from "../support/host";
import { runCi, runWith } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";
import { listTasks, liveTasks } from "../support/tasks";
import { roleName, granted, without } from "../support/permissions";
import { until } from "../support/until";

const simple = "job:\n  script: [echo fine]\n";
const started = { started: 1, stopped: 1, running: 0 };

describe("ECS that answers from copies that are behind", () => {
  useSandbox();

  for (const [which, every] of [
    ["all its answers", 1],
    ["every second answer", 2],
  ] as const) {
    it(`delays a job and fails none: ${which}`, async () => {
      await putFault({ fault: "stale", behind: 4_000, times: 1000, every });
      const { jobs, tasks } = await runCi(simple);
      expect(jobs[0].status, jobs[0].trace).to.equal("success");
      expect(tasks).to.deep.equal(started);
    });
  }

  it("hides no task from the clean-up after a RunTask whose answer nobody got", async () => {
    await putFault({ fault: "lose-answer", action: "RunTask", times: 1, delay: 60_000 });
    await putFault({ fault: "stale", behind: 5_000, times: 1000 });
    const { jobs, tasks } = await runWith(simple, {
      "Starting a Fargate task": async () => {
        await until("a task", async () => (await liveTasks()).length > 0);
        for (const pid of driverProcesses("prepare")) process.kill(pid, "SIGKILL");
      },
    });
    expect(jobs[0].status, jobs[0].trace).to.equal("success");
    // The runner has tried again.
    expect(tasks).to.deep.equal({ started: 2, stopped: 2, running: 0 });
  });
});

describe("tasks that start slowly", () => {
  useSandbox();

  it("run their jobs, whose logs tell what is waited for", async () => {
    await putFault({ fault: "slow-start", provisioning: 10_000, pull: 10_000 });
    const { jobs, tasks } = await runCi(simple);
    expect(jobs[0].status, jobs[0].trace).to.equal("success");
    expect(jobs[0].trace).to.match(
      /Fargate task provisioning, ([5-9]|1\d) s[^]*Fargate task pending, pulling its image, [12]\d s/,
    );
    expect(tasks).to.deep.equal(started);
  });

  for (const [state, delays] of [
    ["provisioning", { provisioning: 3_600_000, pull: 0 }],
    ["pending", { provisioning: 0, pull: 3_600_000 }],
  ] as const) {
    it(`end at once where their job is cancelled while they are ${state}`, async () => {
      await putFault({ fault: "slow-start", ...delays });
      const { jobs, tasks } = await runWith(simple, {
        [`Fargate task ${state}, `]: ({ id }) => cancelJob(id),
      });
      expect(jobs[0].status, jobs[0].trace).to.equal("canceled");
      expect(tasks).to.deep.equal(started);
      expect((await listTasks()).at(-1)).to.include({ lastStatus: "STOPPED", stopCode: "UserInitiated" });
    });
  }

  it("fail the job with ECS's reason where their image cannot be pulled after all", async () => {
    await putFault({ fault: "slow-start", provisioning: 0, pull: 10_000 });
    const [pull] = (await granted(await roleName("execution"))).filter(({ action }) => action === "ecr:BatchGetImage");
    const { jobs, tasks } = await without(pull!, () => runCi(simple));
    expect(jobs[0], jobs[0].trace).to.include({ status: "failed", failure_reason: "runner_system_failure" });
    expect(jobs[0].trace).to.match(
      /Fargate task pending, pulling its image, \d+ s[^]*TaskFailedToStart: CannotPullContainerError/,
    );
    expect(tasks.stopped).to.equal(tasks.started);
  });
});

describe("IAM whose changes are seen late", () => {
  useSandbox();

  it("fails no job that follows a deployment at once: it waits for its rights, and says so", async () => {
    const [run] = (await granted(await roleName("host"))).filter(({ action }) => action === "ecs:RunTask");
    await without(run!, async () => {
      // Refused, so that this is what is known of the host's rights.
      const { jobs } = await runCi(simple);
      expect(jobs[0], jobs[0].trace).to.include({ status: "failed", failure_reason: "runner_system_failure" });
      await putFault({ fault: "late-iam", delay: 20_000 });
    });
    await onHost("touch /etc/gitlab-runner/fargate.toml");
    const { jobs, tasks } = await runCi(simple);
    expect(jobs[0].status, jobs[0].trace).to.equal("success");
    expect(jobs[0].trace).to.contain("The host's configuration is new, AWS may not know its rights everywhere yet");
    expect(tasks).to.deep.equal(started);
  });
});

describe("an account that runs all the vCPU it may", () => {
  useSandbox();

  it("lets a job wait, which says so and runs once there is room", async () => {
    await putFault({ fault: "vcpu-quota", vcpus: 0.25 });
    const { jobs, tasks } = await runWith(simple, { "The job waits for it": () => calm() });
    expect(jobs[0].status, jobs[0].trace).to.equal("success");
    expect(jobs[0].trace).to.match(/reached the limit on the number of vCPUs.* The job waits for it, for \d+ s more/);
    expect(tasks).to.deep.equal(started);
  });
});
