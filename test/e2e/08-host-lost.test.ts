/** A host loses its power in the middle of jobs: their tasks end, with its help or without. */
import { expect } from "chai";
import { execa } from "execa";
import * as path from "node:path";
import { awsEndpoint, region, stateDir } from "../../sandbox/config";
import { abandonAt, listTasks, liveTasks, until } from "../support/faults";
import { boot, cutPower } from "../support/power";
import { copyTaskDefinition, guardless } from "../support/task-definitions";
import { onHost, reap, scratch, status, useSandbox, withFargateToml } from "../support/sandbox";

/** Cuts the power of the one host, and makes sure that its tasks run on. */
async function losePower(tasks: number): Promise<string> {
  const instanceId = await cutPower();
  expect(await liveTasks()).to.have.length(tasks);
  return instanceId;
}

const jobs = (count: number, rest: string) =>
  `job:\n  parallel: ${count}\n  script: ['echo here-I""-am', sleep 3600]\n${rest}`;

describe("a host that loses its power in the middle of jobs", () => {
  useSandbox();

  it("stops their tasks when it is back", async () => {
    await abandonAt(jobs(3, ""), "here-I-am", async () => {
      await until(async () => (await liveTasks()).filter(({ lastStatus }) => lastStatus === "RUNNING").length === 3);
      await boot(await losePower(3));
      await reap();
      await until(async () => (await liveTasks()).length === 0);
    });
    expect((await status()).tasks.running).to.equal(0);
  });

  it("and stays away: the tasks end by themselves when their time is over", async () => {
    const restore = await withFargateToml((text) => text.replace("[Fargate]", '[Fargate]\nLifetimeMargin = "5s"'));
    let instanceId = "";
    await abandonAt(jobs(2, "  timeout: 30 seconds\n"), "here-I-am", async () => {
      await until(async () => (await liveTasks()).filter(({ lastStatus }) => lastStatus === "RUNNING").length === 2);
      instanceId = await losePower(2);
      await until(async () => (await liveTasks()).length === 0);
    });
    const stopped = (await listTasks()).slice(-2);
    expect(stopped.map(({ stopCode }) => stopCode)).to.deep.equal([
      "EssentialContainerExited",
      "EssentialContainerExited",
    ]);
    await boot(instanceId);
    await restore();
    expect((await status()).tasks.running).to.equal(0);
  });

  it("and stays away: another host's reap stops a task that cannot end itself", async () => {
    const { taskDefinition } = await copyTaskDefinition(guardless);
    const toml = await onHost("cat /etc/gitlab-runner/fargate.toml");
    const restore = await withFargateToml((text) => text.replace("[Fargate]", '[Fargate]\nLifetimeMargin = "5s"'));
    const variables = `  variables: {FARGATE_TASK_DEFINITION: "${taskDefinition}"}\n`;
    let instanceId = "";
    await abandonAt(jobs(1, `  timeout: 30 seconds\n${variables}`), "here-I-am", async () => {
      instanceId = await losePower(1);
      const folder = scratch();
      try {
        // What makes another host of the stack: its own state, and nothing of the first one's.
        const config = folder.file("fargate.toml", toml.replace(/Directory = .*/, `Directory = "${folder.dir}"`));
        const driver = path.join(stateDir, "aws", "hosts", instanceId, "upper", "opt", "gitlab-runner", "fargate");
        const env = {
          AWS_ENDPOINT_URL: awsEndpoint,
          AWS_REGION: region,
          AWS_ACCESS_KEY_ID: "test",
          AWS_SECRET_ACCESS_KEY: "test",
        };
        const reapElsewhere = async () => (await execa(driver, ["--config", config, "reap"], { env })).stdout;
        expect(await reapElsewhere(), "before the deadline").to.contain("0 stopped");
        await until(async () => (await reapElsewhere()).includes("1 stopped"));
        await until(async () => (await liveTasks()).length === 0);
      } finally {
        folder.remove();
      }
    });
    await boot(instanceId);
    await restore();
    expect((await status()).tasks.running).to.equal(0);
  });
});
