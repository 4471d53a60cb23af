/** In which order a task's containers start: each as soon as what it depends on is there. */
import type { ContainerDefinition } from "./types";

export interface StartOrder {
  /** Starts one container; settles when it runs. */
  start(name: string): Promise<void>;
  /** The exit code of a container that was started. */
  exited(name: string): Promise<number>;
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
      if (condition === "START") continue;
      const exitCode = await Promise.race([order.exited(containerName), stopped]);
      if (stopping.aborted) return;
      if (condition === "SUCCESS" && exitCode !== 0) {
        throw new Error(`${name}: its dependency ${containerName} ended with exit code ${exitCode}`);
      }
    }
    if (!stopping.aborted) await order.start(name);
  }

  const results = await Promise.allSettled(definitions.map(begin));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}
