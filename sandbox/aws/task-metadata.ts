/** The address at which a task's containers find their role's credentials and their metadata: 169.254.170.2. */
import * as http from "node:http";
import type { Credentials } from "./credentials";
import { describeTask } from "./ecs/describe-task";
import type { ContainerRecord, Task } from "./ecs/task";
import { addressOf, closeServer, listen } from "./server";
import { taskMetadataAddress } from "../world/network";

export interface TaskMetadataOptions {
  /** A running task by its private address. */
  task(address: string): Task | undefined;
  credentials: Credentials["issue"];
  log(line: string): void;
}

/** What a container finds in its environment. The path holds no secret: a task is known by its address too. */
export function taskMetadataEnvironment(task: Task, container: ContainerRecord): Record<string, string> {
  return {
    ECS_CONTAINER_METADATA_URI_V4: `http://${taskMetadataAddress}/v4/${container.runtimeId}`,
    ...(taskRole(task) && { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: `/v2/credentials/${task.attachmentId}` }),
  };
}

const taskRole = (task: Task) => task.overrides.taskRoleArn ?? task.definition.taskRoleArn;

export async function startTaskMetadata(options: TaskMetadataOptions): Promise<{ close(): Promise<void> }> {
  async function read(address: string, path: string): Promise<object | undefined> {
    const task = options.task(address);
    if (!task) return undefined;
    const role = taskRole(task);
    if (path === `/v2/credentials/${task.attachmentId}` && role) {
      return { RoleArn: role, ...(await options.credentials(role, task.id, "ecs-tasks.amazonaws.com")) };
    }
    const container = task.containers.find(({ runtimeId }) => path.startsWith(`/v4/${runtimeId}`));
    if (!container) return undefined;
    const rest = path.slice(`/v4/${container.runtimeId}`.length);
    if (rest === "") return containerDocument(task, container);
    return rest === "/task" ? taskDocument(task) : undefined;
  }

  const server = http.createServer((request, response) => {
    const address = addressOf(request);
    read(address, request.url ?? "").then(
      (document) => {
        if (!document) return void response.writeHead(404).end();
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(document));
      },
      (error: Error) => {
        options.log(`task metadata ${address}: ${error.message}`);
        response.writeHead(500).end();
      },
    );
  });
  await listen(server, taskMetadataAddress, 80);
  return { close: () => closeServer(server) };
}

/** Keys: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html */
const taskDocument = (task: Task) => ({
  Cluster: task.clusterArn,
  TaskARN: task.arn,
  Family: task.definition.family,
  Revision: String(task.definition.revision),
  DesiredStatus: task.desiredState,
  KnownStatus: task.state,
  Limits: { CPU: task.size.cpu / 1024, Memory: task.size.memory },
  AvailabilityZone: task.availabilityZone,
  LaunchType: describeTask(task, { tags: false }).launchType,
  Containers: task.containers.map((container) => containerDocument(task, container)),
});

const containerDocument = (task: Task, container: ContainerRecord) => ({
  DockerId: container.runtimeId,
  Name: container.definition.name,
  Image: container.definition.image,
  ImageID: container.imageDigest,
  ContainerARN: container.arn,
  DesiredStatus: task.desiredState,
  KnownStatus: container.state,
  Labels: { "com.amazonaws.ecs.cluster": task.clusterArn, "com.amazonaws.ecs.task-arn": task.arn },
  Networks: [{ NetworkMode: "awsvpc", IPv4Addresses: task.eni ? [task.eni.privateIp] : [] }],
});
