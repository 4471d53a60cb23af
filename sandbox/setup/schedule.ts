/** The order of builds: needs first, at most so many at a time, the rest as listed. */
import { ensure, type Artifact, type EnsureOptions } from "./artifact";

export interface ScheduleOptions extends EnsureOptions {
  /** Builds at a time. */
  limit: number;
}

/**
 * Brings all artifacts into the cache; resolves to their folders by name.
 * After a failure nothing new is started, what runs is cancelled and awaited, and the first failure is thrown.
 */
export async function ensureAll(artifacts: Artifact[], options: ScheduleOptions): Promise<Map<string, string>> {
  const folders = new Map<string, string>();
  const failure = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal;
  const running = new Map<Artifact, Promise<void>>();
  const waiting = [...artifacts];
  let firstError: unknown;

  const isReady = (artifact: Artifact) => (artifact.needs ?? []).every((need) => folders.has(need.name));
  const start = (artifact: Artifact) => {
    waiting.splice(waiting.indexOf(artifact), 1);
    const job = ensure(artifact, { ...options, signal })
      .then((folder) => void folders.set(artifact.name, folder))
      .catch((error: unknown) => {
        firstError ??= error;
        failure.abort(error);
      })
      .finally(() => running.delete(artifact));
    running.set(artifact, job);
  };

  while (waiting.length > 0 || running.size > 0) {
    while (!signal.aborted && running.size < options.limit) {
      const next = waiting.find(isReady);
      if (!next) break;
      start(next);
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  if (firstError) throw firstError;
  options.signal?.throwIfAborted();
  if (waiting.length > 0) throw new Error(`artifacts with unmet needs: ${waiting.map(({ name }) => name).join(", ")}`);
  return folders;
}
