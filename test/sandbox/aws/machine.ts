/** What the tests of AWS's real parts have in common: the process under test, an image, clients, waiting. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { EC2Client } from "@aws-sdk/client-ec2";
import { DescribeTasksCommand, ECSClient, type Task } from "@aws-sdk/client-ecs";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Aws, AwsOptions } from "../../../sandbox/aws";
import { awsEndpoint, region, registryStore } from "../../../sandbox/config";
import { run } from "../../../sandbox/command";
import { buildahEnvironment } from "../../../sandbox/providers/docker-build/buildah-environment";
import { blobInfoCacheRemover } from "../../../sandbox/world/blob-info-cache";
import { inNamespaces } from "../../../sandbox/world/namespaces";
import type { Question } from "./daemon";

const settings = { endpoint: awsEndpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
export const ecs = new ECSClient(settings);
export const ec2 = new EC2Client(settings);
const iam = new IAMClient(settings);

/** Makes the role that ECS pulls images with; resolves to its ARN. */
export async function createExecutionRole(RoleName: string): Promise<string> {
  const policy = (statement: object) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
  const trust = policy({ Action: "sts:AssumeRole", Principal: { Service: "ecs-tasks.amazonaws.com" } });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
  const pull = policy({ Action: ["ecr:*"], Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "pull", PolicyDocument: pull }));
  return Role!.Arn!;
}

export interface Daemon {
  ask<Answer>(question: Question): Promise<Answer>;
  /** kill -9 of the namespaces' maker, as a crash would be. */
  kill(): Promise<void>;
}

/** Starts daemon.ts; settles when AWS answers. */
export async function startDaemon(
  artifacts: AwsOptions["artifacts"] & { tools: string },
  logFile: string,
): Promise<Daemon> {
  const log = openSync(logFile, "a");
  const command = [process.execPath, "--import", "tsx", path.join(__dirname, "daemon.ts"), JSON.stringify(artifacts)];
  const [program, ...args] = inNamespaces(artifacts.tools, command);
  const child = spawn(program!, args, { stdio: ["ignore", log, log, "ipc"] });
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", (code) => reject(new Error(`AWS does not start (exit code ${code}); see ${logFile}`)));
  });
  let next = 0;
  return {
    ask: (question) => ask(child, next++, question),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    },
  };
}

function ask<Answer>(child: ChildProcess, id: number, question: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const listen = (message: { id: number; value?: Answer; error?: string }) => {
      if (message.id !== id) return;
      child.off("message", listen);
      if (message.error === undefined) resolve(message.value as Answer);
      else reject(new Error(message.error));
    };
    child.on("message", listen);
    child.send({ id, question });
  });
}

export type Tasks = { list: ReturnType<Aws["tasks"]["list"]>; started: number };

/** Pushes the Alpine base as an image whose containers say where they are and then serve a shell on port 7000. */
export async function pushImage(rootfs: string, name: string): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "aws-test-image-"));
  const script = 'echo "on $(hostname)"; trap "exit 3" TERM; while :; do nc -l -p 7000 -e sh & wait; done';
  const env = buildahEnvironment(folder);
  const removeBlobInfoCache = blobInfoCacheRemover();
  const storage = [
    "--root",
    path.join(folder, "root"),
    "--runroot",
    path.join(folder, "run"),
    "--storage-driver",
    "vfs",
  ];
  const buildah = (...args: string[]) => run("buildah", [...storage, ...args], { env });
  try {
    const container = (await buildah("from", "scratch")).trim();
    await buildah("add", "--quiet", container, rootfs, "/");
    await buildah("config", "--cmd", JSON.stringify(["sh", "-c", script]), container);
    await buildah("commit", "--quiet", container, name);
    await buildah("push", "--quiet", "--tls-verify=false", name, `docker://${registryStore}/${name}:latest`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    removeBlobInfoCache();
  }
}

/** Waits until a task has reached a state. @throws when it stops first, with its reason */
export async function taskIs(cluster: string, taskArn: string, state: "RUNNING" | "STOPPED"): Promise<Task> {
  for (;;) {
    const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: [taskArn] }));
    const [task] = tasks;
    if (task?.lastStatus === state) return task;
    if (task?.lastStatus === "STOPPED") throw new Error(`the task stopped: ${task.stopCode}: ${task.stoppedReason}`);
    await delay(30);
  }
}

/** Runs a command in the shell that pushImage()'s containers serve, as soon as it does. */
export async function inTask(address: string, command: string): Promise<string> {
  for (;;) {
    try {
      return await converse(address, command);
    } catch (error) {
      // RUNNING says that the container's first process runs, not that it listens already.
      if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") throw error;
      await delay(20);
    }
  }
}

function converse(address: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const socket = net.connect(7000, address, () => socket.write(`${command}\nexit\n`));
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer from ${address}:7000`)));
    socket.on("data", (chunk: Buffer) => (output += chunk.toString()));
    socket.once("error", reject);
    socket.once("close", (failed) => failed || resolve(output));
  });
}

export const addressOf = (task: Task): string => task.containers![0]!.networkInterfaces![0]!.privateIpv4Address!;
