/** Waiting for what nothing tells of. */
import { setTimeout as delay } from "node:timers/promises";

/** How long something may take that usually takes seconds, in ms: the machine may be busy with other things. */
const usualPatience = 300_000;

/**
 * Asks again and again, and resolves once the condition holds.
 * @param what what is awaited, as it stands in the error: "the runner's process"
 * @throws when it does not hold, or gives no answer, within `patience` ms
 */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  patience = usualPatience,
): Promise<void> {
  const over = new AbortController();
  const deadline = delay(patience, "over" as const, { signal: over.signal });
  deadline.catch(() => {}); // called off
  try {
    for (;;) {
      const answer = await Promise.race([deadline, condition()]);
      if (answer === "over") throw new Error(`waited ${patience / 1000} s for ${what}`);
      if (answer) return;
      await delay(100);
    }
  } finally {
    over.abort();
  }
}
