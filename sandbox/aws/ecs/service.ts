/** ECS's task actions, played by real containers; clusters and task definitions stay in moto. */
import { EventEmitter } from "node:events";
import { AwsError } from "../protocol";
import type { Moto } from "../moto";
import { ClientTokens } from "./client-tokens";
import { describeTask } from "./describe-task";
import { describeTasks, type DescribeTasksRequest } from "./describe-tasks";
import { createFaults, type Faults } from "./faults";
import { listTasks, type ListTasksRequest } from "./list-tasks";
import { planTasks } from "./plan-tasks";
import { validateForFargate } from "./register-task-definition";
import { advance, markStopping, newTask, type StopCode, type Task } from "./task";
import type { RunningTask } from "./task-runner";
import type { Cluster, Failure, RunTaskRequest, TaskDefinition } from "./types";

export interface EcsOptions {
  moto: Moto;
  run(task: Task): RunningTask;
  /** The subnets' zones. @throws AwsError where one is not there, or a security group is not in their VPC */
  zones(subnetIds: string[], securityGroupIds: string[]): Promise<string[]>;
  /** @throws AwsError where the account has no role for ECS */
  requireServiceLinkedRole(): Promise<void>;
  /** Whether a role lets ECS take it for tasks. */
  trusted(roleArn: string): Promise<boolean>;
  log(line: string): void;
}

type Handler = (body: never) => Promise<object | undefined>;

/** Stopped tasks are shown for an hour (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html). */
const stoppedTaskLife = 3600;

export class EcsService extends EventEmitter<{ change: [Task] }> {
  private readonly tasks = new Map<string, Task>();
  private readonly running = new Map<string, RunningTask>();
  private readonly tokens = new ClientTokens();
  private nextSubnet = 0;
  private startedCount = 0;
  readonly faults: Faults;

  constructor(private readonly options: EcsOptions) {
    super();
    this.faults = createFaults({
      stop: (arn, code, reason) => this.end(this.task(arn), code, reason),
      task: (arn) => this.runningTask(arn),
    });
  }

  /** Answers an action, or undefined where moto has to. @throws AwsError, LostAnswer */
  async handle(action: string, body: object): Promise<object | undefined> {
    this.faults.check(action);
    const handler = (this.handlers as Record<string, Handler | undefined>)[action];
    const answer = await handler?.(body as never);
    if (answer) this.faults.checkAnswer(action);
    return answer;
  }

  list(): Task[] {
    return [...this.tasks.values()];
  }

  started(): number {
    return this.startedCount;
  }

  find(predicate: (task: Task) => boolean): Task | undefined {
    return this.list().find(predicate);
  }

  async close(): Promise<void> {
    for (const task of this.tasks.values()) markStopping(task, "UserInitiated", "The sandbox is going down");
    await Promise.all(
      [...this.running.values()].map((task) => {
        task.kill();
        return task.stopped;
      }),
    );
  }

  private readonly handlers = {
    RegisterTaskDefinition: async (definition: TaskDefinition) => {
      if (definition.requiresCompatibilities?.includes("FARGATE")) validateForFargate(definition);
      return undefined;
    },

    RunTask: async (request: RunTaskRequest) => {
      const { answer, repeated } = this.tokens.once(request, () => this.runTask(request));
      return repeated ? this.refresh(await answer) : answer;
    },

    StopTask: async ({ cluster, task, reason }: { cluster?: string; task: string; reason?: string }) => {
      const found = await this.inCluster(cluster, task);
      if (!found) throw invalid("The referenced task was not found.");
      this.end(found, "UserInitiated", reason ?? "Task stopped by user");
      return { task: describeTask(found, { tags: false }) };
    },

    DescribeTasks: async (request: DescribeTasksRequest) => {
      const shown = this.faults.shown("DescribeTasks");
      return describeTasks(request, async (id) => {
        const task = await this.inCluster(request.cluster, id);
        return task && shown(task);
      });
    },

    ListTasks: async (request: ListTasksRequest) => {
      const { clusterArn } = await this.cluster(request.cluster);
      const shown = this.faults.shown("ListTasks");
      const tasks = this.list().filter((task) => task.clusterArn === clusterArn);
      return listTasks(
        tasks.flatMap((task) => shown(task) ?? []),
        request,
      );
    },

    DescribeClusters: async (request: object) => {
      const answer = await this.options.moto.ecs<{ clusters: Cluster[] }>("DescribeClusters", request);
      for (const cluster of answer.clusters) {
        const own = this.list().filter((task) => task.clusterArn === cluster.clusterArn);
        cluster.runningTasksCount = own.filter((task) => task.state === "RUNNING").length;
        cluster.pendingTasksCount = own.filter((task) => ["PROVISIONING", "PENDING"].includes(task.state)).length;
      }
      return answer;
    },

    PutClusterCapacityProviders: async () => {
      await this.options.requireServiceLinkedRole();
      return undefined;
    },

    DeleteCluster: async ({ cluster }: { cluster: string }) => {
      const { clusterArn } = await this.cluster(cluster);
      if (this.find((task) => task.clusterArn === clusterArn && task.state !== "STOPPED")) {
        throw new AwsError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.");
      }
      return undefined;
    },
  };

  private async runTask(request: RunTaskRequest): Promise<object> {
    const cluster = await this.cluster(request.cluster);
    await this.options.requireServiceLinkedRole();
    const { planned, failures } = await planTasks(request, cluster, {
      moto: this.options.moto,
      trusted: this.options.trusted,
      zones: this.options.zones,
      running: this.list().filter((task) => task.state !== "STOPPED"),
      vcpuQuota: this.faults.vcpuQuota(),
      capacityFailure: (provider) => this.faults.capacityFailure(provider),
      pickSubnet: (count) => this.nextSubnet++ % count,
    });
    const tasks = planned.map(newTask);
    for (const task of tasks) this.start(task);
    return { tasks: tasks.map((task) => describeTask(task, { tags: true })), failures };
  }

  private start(task: Task): void {
    this.tasks.set(task.arn, task);
    this.startedCount++;
    const run = this.options.run(task);
    this.running.set(task.arn, run);
    void run.stopped
      .catch((error: Error) => {
        this.options.log(`task ${task.id}: ${error.stack}`);
        if (task.state !== "STOPPED") advance(task, "STOPPED");
      })
      .then(() => {
        this.running.delete(task.arn);
        // The clock of the hour must not keep the process.
        setTimeout(() => this.tasks.delete(task.arn), stoppedTaskLife * 1000).unref();
      });
    this.emit("change", task);
  }

  private end(task: Task, code: StopCode, reason: string): void {
    if (!markStopping(task, code, reason)) return;
    this.running.get(task.arn)?.stop();
    this.emit("change", task);
  }

  /** A repeated RunTask shows the tasks as they are now. */
  private refresh(answer: object): object {
    const { tasks, failures } = answer as { tasks: { taskArn: string }[]; failures: Failure[] };
    const current = tasks.map(({ taskArn }) => this.tasks.get(taskArn)).filter((task) => task !== undefined);
    return { tasks: current.map((task) => describeTask(task, { tags: true })), failures };
  }

  private async cluster(name = "default"): Promise<Cluster> {
    const { clusters } = await this.options.moto.ecs<{ clusters: Cluster[] }>("DescribeClusters", { clusters: [name] });
    if (!clusters[0]) throw new AwsError("ClusterNotFoundException", "Cluster not found.");
    return clusters[0];
  }

  /** A task by ARN or id; moto is asked only where no task of the cluster is known. */
  private async inCluster(cluster: string | undefined, id: string): Promise<Task | undefined> {
    const name = (cluster ?? "default").split("/").pop();
    const isIn = (task: Task) => task.clusterArn.split("/").pop() === name;
    if (!this.find(isIn)) await this.cluster(cluster);
    return this.find((task) => isIn(task) && (task.arn === id || task.id === id));
  }

  private task(arn: string): Task {
    const task = this.tasks.get(arn);
    if (!task) throw new Error(`no task ${arn}`);
    return task;
  }

  private runningTask(arn: string): RunningTask {
    const task = this.running.get(arn);
    if (!task) throw new Error(`no running task ${arn}`);
    return task;
  }
}

const invalid = (message: string) => new AwsError("InvalidParameterException", message);
