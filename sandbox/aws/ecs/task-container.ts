/** One container of a task: its file system, its log, its process. */
import * as path from "node:path";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { region } from "../../config";
import type { TaskCgroup } from "../../world/cgroups";
import type { ExecutionRole } from "../iam/execution-role";
import { startContainer, type RunningContainer } from "./container";
import { containerSpec } from "./container-spec";
import { mountOverlay, type Image } from "./images";
import { openContainerLog, type ContainerLog } from "./logs";
import type { ContainerRecord, Task } from "./task";
import type { ContainerDefinition, ContainerOverride } from "./types";
import { networkFiles, openFilesLimit, volumes } from "./task-files";
import { resolveUser } from "./user";

/** The same for all containers of all tasks. */
export interface ContainerOptions {
  /** What the task's execution role allows ECS to do for it. */
  role: ExecutionRole;
  logsClient: CloudWatchLogsClient;
  /** Output of containers, kept. */
  logDir: string;
  runcRoot: string;
  /** What ECS puts into each container's environment beside the constant part. */
  environment(task: Task, container: ContainerRecord): Record<string, string>;
  log(line: string): void;
}

/** The task's network interface must be there. @throws Error whose message is ECS's */
export async function startTaskContainer(
  task: Task,
  container: ContainerRecord,
  options: ContainerOptions & {
    image: Image;
    /** The task's folder. */
    dir: string;
    cgroup: TaskCgroup;
    networkNamespace: string;
    /** Told of the container's file system, which is to be unmounted. */
    mounted(rootfs: string): void;
  },
): Promise<{ process: RunningContainer; log: ContainerLog }> {
  const { image, dir, cgroup } = options;
  const { name } = container.definition;
  const override = task.overrides.containerOverrides?.find((one) => one.name === name);
  const definition = withSizes(container.definition, override);
  const user = definition.user ? resolveUser(image.rootfs, definition.user) : image.config.user;
  const folder = path.join(dir, container.runtimeId);
  const rootfs = await mountOverlay(image.rootfs, folder);
  options.mounted(rootfs);
  const log = await openContainerLog({
    file: path.join(options.logDir, task.id, `${name}.log`),
    definition,
    taskId: task.id,
    client: options.logsClient,
    allow: (action, group, stream) => options.role.writeLog(task, action, group, stream),
    onError: options.log,
  });
  const hostname = `ip-${task.eni!.privateIp.replaceAll(".", "-")}.ec2.internal`;
  const spec = containerSpec({
    image: image.config,
    user,
    definition,
    override,
    environment: {
      AWS_EXECUTION_ENV: "AWS_ECS_FARGATE",
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      HOSTNAME: hostname,
      ...options.environment(task, container),
    },
    hostname,
    rootfs,
    networkNamespace: options.networkNamespace,
    cgroup: cgroup.containerPath(container.runtimeId),
    cpu: task.size.cpu,
    memory: definition.memory === undefined ? {} : cgroup.memoryOf(definition.memory * mebibyte),
    maxOpenFiles: openFilesLimit(),
    binds: [
      ...(await networkFiles(folder, hostname, task.eni!.privateIp)),
      ...(await volumes(path.join(dir, "volumes"), definition, image)),
    ],
  });
  try {
    const process = await startContainer({
      runcRoot: options.runcRoot,
      id: container.runtimeId,
      bundle: path.join(folder, "bundle"),
      spec,
      output: (chunk) => log.write(chunk),
    });
    return { process, log };
  } catch (error) {
    await log.close();
    throw error;
  }
}

const mebibyte = 1024 * 1024;

/** RunTask may give a container another size. A soft limit means nothing where nobody else is on the machine. */
function withSizes(definition: ContainerDefinition, override: ContainerOverride | undefined): ContainerDefinition {
  const { cpu = definition.cpu, memory = definition.memory } = override ?? {};
  return { ...definition, cpu, memory };
}
