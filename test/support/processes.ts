import { spawnSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

/** Waits until something holds that gives no sign when it does. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; !holds(); await delay(20)) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
  }
}

/** A process that has ended may stay in the list, as a zombie, until somebody collects it. */
export const awaitEnd = (pid: number): Promise<void> =>
  until(`process ${pid} ends`, () => {
    const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
    return stdout.trim() === "" || stdout.startsWith("Z");
  });
