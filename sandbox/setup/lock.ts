/** A lock between processes that no crash can leave behind. */
import { once } from "node:events";
import { spawn } from "node:child_process";

/**
 * Takes an exclusive lock on `file` (made if it isn't there); resolves to the function that gives it back.
 *
 * The lock belongs to a small flock(1) child that waits for the end of its input: it goes with this process, however
 * that ends, which a file with a process id in it doesn't.
 */
export async function lock(file: string, signal?: AbortSignal): Promise<() => Promise<void>> {
  const child = spawn("flock", ["--no-fork", file, "sh", "-c", "echo locked; exec cat >/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    ...(signal ? { signal } : {}),
  });
  const exited = once(child, "exit").then(
    () => undefined,
    () => undefined,
  );
  const ready = once(child.stdout, "data").then(() => true);
  if (!(await Promise.race([ready, exited.then(() => false)]))) {
    signal?.throwIfAborted();
    throw new Error(`locking ${file}: flock(1) ended early; is util-linux installed?`);
  }
  return async () => {
    child.stdin.end();
    await exited;
  };
}
