/**
 * The least time in which a task can run something: RunTask, a look at it every few milliseconds until it runs, plain
 * ssh again and again until sshd answers. Nothing could do so in an AWS account, whose API has rate limits.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DescribeTasksCommand, RunTaskCommand, StopTaskCommand, type Task } from "@aws-sdk/client-ecs";
import { execa } from "execa";
import { newKeyPair } from "../../components/host/key-pair";
import type { Bed } from "./bed";
import { plainSsh } from "./plain-ssh";
import { reached, type Start } from "./start";

/** In ms. */
const pause = 20;

/** What the driver asks RunTask for, too. */
interface FargateSettings {
  Cluster: string;
  TaskDefinition: string;
  Subnets: string[];
  SecurityGroups: string[];
  CapacityProviders: { Name: string; Weight: number; Base: number }[];
}

export function createFloor({ ecs, deployed, file, signal }: Bed): () => Promise<Start> {
  const settings = deployed.fargateToml.Fargate as unknown as FargateSettings;
  const keys = newKeyPair("floor");
  const privateKey = file("floor-key", keys.privateKey);

  async function look(arn: string): Promise<Task> {
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: settings.Cluster, tasks: [arn] }));
    return tasks![0];
  }

  async function until(arn: string, status: "RUNNING" | "STOPPED"): Promise<Task> {
    for (;;) {
      signal.throwIfAborted();
      const task = await look(arn);
      if (task.lastStatus === status) return task;
      if (task.lastStatus === "STOPPED") throw new Error(`the task stopped: ${task.stoppedReason}`);
      await sleep(pause);
    }
  }

  /** Resolves when a command in the task has ended. */
  async function answered(address: string): Promise<void> {
    const { program, args } = plainSsh({ address, privateKey }, "true");
    for (;;) {
      signal.throwIfAborted();
      const { exitCode } = await execa(program, args, { reject: false, stdin: "ignore" });
      if (exitCode === 0) return;
      await sleep(pause);
    }
  }

  return async () => {
    const begin = Date.now();
    const { tasks, failures } = await ecs.send(
      new RunTaskCommand({
        cluster: settings.Cluster,
        taskDefinition: settings.TaskDefinition,
        capacityProviderStrategy: settings.CapacityProviders.map(({ Name, Weight, Base }) => ({
          capacityProvider: Name,
          weight: Weight,
          base: Base,
        })),
        networkConfiguration: {
          awsvpcConfiguration: { subnets: settings.Subnets, securityGroups: settings.SecurityGroups },
        },
        overrides: {
          containerOverrides: [
            { name: "ci-coordinator", environment: [{ name: "SSH_PUBLIC_KEY", value: keys.publicKey }] },
          ],
        },
      }),
    );
    if (!tasks?.[0]) throw new Error(`no task was started: ${failures?.[0]?.reason}`);
    const arn = tasks[0].taskArn!;
    try {
      const task = await until(arn, "RUNNING");
      const details = task.attachments!.flatMap(({ details = [] }) => details);
      await answered(details.find(({ name }) => name === "privateIPv4Address")!.value!);
      return reached(begin, task, Date.now());
    } finally {
      await ecs.send(new StopTaskCommand({ cluster: settings.Cluster, task: arn }));
      await until(arn, "STOPPED");
    }
  };
}
