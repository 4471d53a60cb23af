/**
 * Health checks of containers, as a task definition has them, and what they come to for the task. ECS reads none of an
 * image's own (HEALTHCHECK): https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ContainerRecord } from "./task";
import type { HealthCheck } from "./types";

export type Health = "UNKNOWN" | "HEALTHY" | "UNHEALTHY";

export interface Watch {
  /** Whether the command ends with 0 within so many milliseconds, in the container. */
  check(command: string[], timeout: number): Promise<boolean>;
  changed(health: Health): void;
  /** Aborted when the container has ended. */
  ended: AbortSignal;
}

/**
 * Checks a container's health until it ends: a first time after one interval, as Docker does. Failures before the start
 * period is over count only once a check has passed. A container of a task that no service has started lives on whatever its
 * health.
 */
export async function watchHealth(
  { command, interval = 30, timeout = 5, retries = 3, startPeriod = 0 }: HealthCheck,
  { check, changed, ended }: Watch,
): Promise<void> {
  const started = Date.now();
  let health: Health = "UNKNOWN";
  let failures = 0;
  const become = (next: Health) => {
    if (next === health) return;
    health = next;
    changed(next);
  };
  const [kind, ...words] = command;
  const program = kind === "CMD-SHELL" ? ["/bin/sh", "-c", ...words] : words;
  for (;;) {
    await delay(interval * 1000, undefined, { signal: ended }).catch(() => {});
    if (ended.aborted) return;
    const passed = await check(program, timeout * 1000);
    if (ended.aborted) return;
    if (passed) {
      failures = 0;
      become("HEALTHY");
    } else if (health !== "UNKNOWN" || Date.now() - started >= startPeriod * 1000) {
      failures++;
      if (failures >= retries) become("UNHEALTHY");
    }
  }
}

/** A task's health is that of its essential containers that have a check. */
export function taskHealth(containers: Pick<ContainerRecord, "definition" | "health">[]): Health {
  const counted = containers
    .filter(({ definition }) => definition.essential !== false && definition.healthCheck)
    .map(({ health }) => health);
  if (counted.includes("UNHEALTHY")) return "UNHEALTHY";
  return counted.length > 0 && counted.every((health) => health === "HEALTHY") ? "HEALTHY" : "UNKNOWN";
}
