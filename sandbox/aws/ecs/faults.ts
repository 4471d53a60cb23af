/** Faults that tests put into the data plane. */
import { AwsError } from "../protocol";
import type { StopCode } from "./task";

export interface Faults {
  /** The next `times` calls of an ECS action are throttled. */
  throttle(action: string, times: number): void;
  /** The next `times` tasks on a capacity provider find no capacity. */
  exhaust(capacityProvider: "FARGATE" | "FARGATE_SPOT", times: number): void;
  /**
   * Takes a Spot task's capacity away. On Fargate SIGTERM comes two minutes ahead of SIGKILL; here each container's
   * stopTimeout is all the time it has.
   */
  interruptSpot(taskArn: string): void;
  /** Cuts a task's network until it is mended. */
  cutNetwork(taskArn: string): Promise<void>;
  mendNetwork(taskArn: string): Promise<void>;
  /** @throws AwsError when the action is to be throttled */
  check(action: string): void;
  /** The failure's reason, or undefined when there is capacity. */
  capacityFailure(capacityProvider: string): string | undefined;
}

export function createFaults(actions: {
  stop(taskArn: string, code: StopCode, reason: string): void;
  setLink(taskArn: string, state: "up" | "down"): Promise<void>;
}): Faults {
  const throttled = new Map<string, number>();
  const exhausted = new Map<string, number>();
  const takeOne = (counts: Map<string, number>, key: string) => {
    const left = counts.get(key) ?? 0;
    if (left > 0) counts.set(key, left - 1);
    return left > 0;
  };
  return {
    throttle: (action, times) => void throttled.set(action, times),
    exhaust: (provider, times) => void exhausted.set(provider, times),
    interruptSpot: (arn) => actions.stop(arn, "SpotInterruption", "Your Spot Task was interrupted."),
    cutNetwork: (arn) => actions.setLink(arn, "down"),
    mendNetwork: (arn) => actions.setLink(arn, "up"),
    check(action) {
      if (takeOne(throttled, action)) throw new AwsError("ThrottlingException", "Rate exceeded");
    },
    capacityFailure: (provider) =>
      takeOne(exhausted, provider)
        ? "Capacity is unavailable at this time. Please try again later or in a different availability zone"
        : undefined,
  };
}
