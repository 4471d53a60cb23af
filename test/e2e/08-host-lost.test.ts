/** A host loses its power in the middle of jobs: their tasks end, with its help or without. */
import { expect } from "chai";
import { execa } from "execa";
import * as path from "node:path";
import { awsEndpoint, region, stateDir } from "../../sandbox/config";
import { onHost, reap, withFargateToml } from "../support/host";
import { abandonAt } from "../support/pipelines";
import { withoutPower } from "../support/power";
import { useSandbox } from "../support/sandbox";
import { scratch } from "../support/scratch";
import { listTasks, liveTasks, runningTasks } from "../support/tasks";
import { until } from "../support/until";
import { copyTaskDefinition, guardless } from "../support/task-definitions";

/** Cuts the power of the one host, whose tasks run on, while `act` runs. */
const losingPower = (tasks: number, act: (instanceId: string) => Promise<unknown>) =>
  withoutPower(async (instanceId) => {
    expect(await liveTasks()).to.have.length(tasks);
    await act(instanceId);
  });

const jobs = (count: number, rest: string) =>
  `job:\n  parallel: ${count}\n  script: ['echo here-I""-am', sleep 3600]\n${rest}`;

const allRun = (count: number) => until(`${count} tasks to run`, async () => (await runningTasks()).length === count);
const noneLives = () => until("the tasks to end", async () => (await liveTasks()).length === 0);
const soon = (toml: string) => toml.replace("[Fargate]", '[Fargate]\nLifetimeMargin = "5s"');

/** The driver's environment on another host of the stack. */
const elsewhere = {
  AWS_ENDPOINT_URL: awsEndpoint,
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
};

describe("a host that loses its power in the middle of jobs", () => {
  useSandbox();

  it("stops their tasks when it is back", async () => {
    await abandonAt(jobs(3, ""), "here-I-am", async () => {
      await allRun(3);
      await losingPower(3, async () => {});
      await reap();
      await noneLives();
    });
  });

  it("and stays away: the tasks end by themselves when their time is over", async () => {
    let tasks: string[] = [];
    await withFargateToml(soon, () =>
      abandonAt(jobs(2, "  timeout: 30 seconds\n"), "here-I-am", async () => {
        await allRun(2);
        tasks = (await runningTasks()).map(({ taskArn }) => taskArn);
        await losingPower(2, noneLives);
      }),
    );
    const stopped = (await listTasks()).filter(({ taskArn }) => tasks.includes(taskArn));
    expect(stopped.map(({ stopCode }) => stopCode)).to.deep.equal([
      "EssentialContainerExited",
      "EssentialContainerExited",
    ]);
  });

  it("and stays away: another host's reap stops a task that cannot end itself", async () => {
    const { taskDefinition } = await copyTaskDefinition(guardless);
    const toml = await onHost("cat /etc/gitlab-runner/fargate.toml");
    const variables = `  variables: {FARGATE_TASK_DEFINITION: "${taskDefinition}"}\n`;
    const folder = scratch();
    // What makes another host of the stack: its own state, and nothing of the first one's.
    const config = folder.file("fargate.toml", toml.replace(/Directory = .*/, `Directory = "${folder.dir}"`));
    const stopsElsewhere = async (instanceId: string) => {
      const driver = path.join(stateDir, "aws", "hosts", instanceId, "upper", "opt", "gitlab-runner", "fargate");
      const reapElsewhere = async () => (await execa(driver, ["--config", config, "reap"], { env: elsewhere })).stdout;
      expect(await reapElsewhere(), "before the deadline").to.contain("0 stopped");
      await until("the other host's reap to stop it", async () => (await reapElsewhere()).includes("1 stopped"));
      await noneLives();
    };
    try {
      await withFargateToml(soon, () =>
        abandonAt(jobs(1, `  timeout: 30 seconds\n${variables}`), "here-I-am", () => losingPower(1, stopsElsewhere)),
      );
    } finally {
      folder.remove();
    }
  });
});
