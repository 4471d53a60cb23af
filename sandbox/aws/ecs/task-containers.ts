/** The containers of one task, from each one's start to its end. */
import type { RunningContainer } from "./container";
import { watchHealth, type Health } from "./health";
import type { ContainerRecord, Task } from "./task";
import { startTaskContainer } from "./task-container";

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html, stopTimeout, in seconds. */
const defaultStopTimeout = 30;

interface Owner {
  changed(): void;
  /** A container has ended without which the task has to end. */
  essentialExited(): void;
  report(error: unknown): void;
}

export class TaskContainers {
  private readonly running = new Map<ContainerRecord, RunningContainer>();
  private readonly exits = new Map<ContainerRecord, Promise<number>>();
  private readonly health = new Map<ContainerRecord, Promise<void>>();

  constructor(
    private readonly task: Task,
    private readonly owner: Owner,
  ) {}

  anyRuns = () => this.running.size > 0;
  /** The exit code of one that was started. */
  exited = (container: ContainerRecord) => this.exits.get(container)!;
  /** Settles when the health check of one that was started passes for the first time. */
  healthy = (container: ContainerRecord) => this.health.get(container)!;

  async start(container: ContainerRecord, options: Parameters<typeof startTaskContainer>[2]): Promise<void> {
    const { process, log } = await startTaskContainer(this.task, container, options);
    const { definition, runtimeId } = container;
    this.running.set(container, process);
    container.state = "RUNNING";
    const ended = new AbortController();
    this.health.set(container, this.followHealth(container, process, ended.signal));
    const ending = async (exitCode: number) => {
      ended.abort();
      this.running.delete(container);
      container.state = "STOPPED";
      container.exitCode = exitCode;
      if (exitCode === endedBySigkill && options.cgroup.outOfMemory(runtimeId)) container.reason = outOfMemory;
      await log.close();
      this.owner.changed();
      if (definition.essential !== false) this.owner.essentialExited();
      return exitCode;
    };
    this.exits.set(container, process.exited.then(ending));
  }

  /** SIGTERM, and SIGKILL after each container's stopTimeout. What others depend on ends after them. */
  async stop(signal: "TERM" | "KILL"): Promise<void> {
    await Promise.all(
      [...this.running].map(async ([container, process]) => {
        await Promise.all(this.dependents(container).map((other) => this.exits.get(other)));
        if (!this.running.has(container)) return;
        await process.signal(signal);
        const seconds = container.definition.stopTimeout ?? defaultStopTimeout;
        const timer = setTimeout(() => void process.signal("KILL").catch(this.owner.report), seconds * 1000);
        await this.exits.get(container);
        clearTimeout(timer);
      }),
    );
    for (const container of this.task.containers) container.state = "STOPPED";
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.running.values()].map((process) => process.signal("KILL"))).catch(this.owner.report);
  }

  private dependents({ definition: { name } }: ContainerRecord): ContainerRecord[] {
    return this.task.containers.filter(({ definition: { dependsOn = [] } }) =>
      dependsOn.some(({ containerName }) => containerName === name),
    );
  }

  private followHealth(container: ContainerRecord, { check }: RunningContainer, ended: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const { healthCheck } = container.definition;
      if (!healthCheck) return;
      const changed = (health: Health) => {
        container.health = health;
        this.task.version++;
        this.owner.changed();
        if (health === "HEALTHY") resolve();
      };
      void watchHealth(healthCheck, { check, changed, ended });
    });
  }
}

/** As a shell tells it, and runc. */
const endedBySigkill = 128 + 9;
const outOfMemory = "OutOfMemoryError: Container killed due to memory usage";
