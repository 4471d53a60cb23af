/** Runs tasks side by side, as many at a time as a machine has cores for, and at last those that mostly wait. */

export interface Task {
  name: string;
  /** The task starts when the tasks of these names have ended, those of them that run at all. */
  after?: string[];
  /** The task starts when all have ended that are not last, beside all others that are last: those mostly wait. */
  last?: boolean;
}

/** @param run must not fail: what a task has to say of itself is the caller's */
export async function schedule<T extends Task>(
  tasks: T[],
  limit: number,
  run: (task: T) => Promise<void>,
): Promise<void> {
  const waiting = new Set(tasks);
  const running = new Map<T, Promise<void>>();
  const isDue = (task: T): boolean => {
    const unfinished = [...waiting, ...running.keys()];
    if (task.last) return unfinished.every(({ last }) => last);
    return running.size < limit && !unfinished.some(({ name }) => task.after?.includes(name));
  };
  while (waiting.size > 0 || running.size > 0) {
    for (const task of waiting) {
      if (!isDue(task)) continue;
      waiting.delete(task);
      running.set(
        task,
        run(task).finally(() => running.delete(task)),
      );
    }
    if (running.size === 0) {
      throw new Error(`tasks wait for one another: ${[...waiting].map(({ name }) => name).join(", ")}`);
    }
    await Promise.race(running.values());
  }
}
