/** In which order a task's containers start: each as soon as what it depends on is there. */
import { setTimeout as delay } from "node:timers/promises";
import type { ContainerDefinition, DependencyCondition } from "./types";

/** Seconds; https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html, startTimeout. */
const defaultStartTimeout = 180;

export interface StartOrder {
  /** Starts one container; settles when it runs. */
  start(name: string): Promise<void>;
  /** The exit code of a container that was started. */
  exited(name: string): Promise<number>;
  /** Settles when its health check has passed. */
  healthy(name: string): Promise<void>;
  /** A container cannot start: the others need not wait any longer. */
  failed(error: Error): void;
  /** Aborted when the task has to end; nothing more is started then. */
  stopping: AbortSignal;
}

/**
 * Starts all containers of a task; settles when all run (or have run), or when the task has to end.
 * @throws what the first container that failed threw
 */
export async function startInOrder(definitions: ContainerDefinition[], order: StartOrder): Promise<void> {
  const { stopping } = order;
  const stopped = new Promise<void>((resolve) => {
    if (stopping.aborted) resolve();
    stopping.addEventListener("abort", () => resolve(), { once: true });
  });
  const starts = new Map<string, Promise<void>>();

  function begin(definition: ContainerDefinition): Promise<void> {
    const known = starts.get(definition.name);
    if (known) return known;
    const own = start(definition);
    starts.set(definition.name, own);
    own.catch((error: Error) => order.failed(error));
    return own;
  }

  async function start({ name, dependsOn = [] }: ContainerDefinition): Promise<void> {
    // Registered as begun before it asks for others: a circle waits instead of recursing, and ECS refuses circles.
    await Promise.resolve();
    for (const { containerName, condition } of dependsOn) {
      const other = definitions.find((candidate) => candidate.name === containerName);
      if (!other) throw new Error(`${name} depends on ${containerName}, which the task definition does not have`);
      await Promise.race([begin(other), stopped]);
      if (stopping.aborted) return;
      const problem = await Promise.race([reached(containerName, condition), tooLate(other), stopped]);
      if (stopping.aborted) return;
      if (problem) throw new Error(`${name}: its dependency ${containerName} ${problem}`);
    }
    if (!stopping.aborted) await order.start(name);
  }

  /** Settles when the condition holds, or with why it never will. */
  async function reached(name: string, condition: DependencyCondition): Promise<string | undefined> {
    if (condition === "START") return undefined;
    const ended = order.exited(name).then((code) => `ended with exit code ${code}`);
    if (condition === "HEALTHY") return Promise.race([order.healthy(name).then(() => undefined), ended]);
    return condition === "COMPLETE"
      ? ended.then(() => undefined)
      : order.exited(name).then((code) => (code ? ended : undefined));
  }

  const tooLate = ({ startTimeout = defaultStartTimeout }: ContainerDefinition) =>
    delay(startTimeout * 1000, `has not come so far within ${startTimeout} s`, { ref: false });

  const results = await Promise.allSettled(definitions.map(begin));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}
