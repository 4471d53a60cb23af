/** Fargate's task sizes (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html). */
import { AwsError } from "../protocol";
import type { TaskDefinition, TaskOverride } from "./types";

/** CPU units → least and most memory in MiB, and the step between the sizes. */
const sizes: Record<number, { least: number; most: number; step: number; also?: number[] }> = {
  256: { least: 1024, most: 2048, step: 1024, also: [512] },
  512: { least: 1024, most: 4096, step: 1024 },
  1024: { least: 2048, most: 8192, step: 1024 },
  2048: { least: 4096, most: 16384, step: 1024 },
  4096: { least: 8192, most: 30720, step: 1024 },
  8192: { least: 16384, most: 61440, step: 4096 },
  16384: { least: 32768, most: 122880, step: 8192 },
};

export interface TaskSize {
  /** CPU units; 1024 are one vCPU. */
  cpu: number;
  /** MiB. */
  memory: number;
  /** GiB. */
  ephemeralStorage: number;
}

/**
 * A task's size: the definition's, with RunTask's overrides.
 * @throws AwsError ClientException for a pair that Fargate does not offer
 */
export function taskSize(definition: TaskDefinition, overrides: TaskOverride = {}): TaskSize {
  const cpu = units(overrides.cpu ?? definition.cpu, "vcpu");
  const memory = units(overrides.memory ?? definition.memory, "gb");
  const size = sizes[cpu];
  const offered =
    size &&
    ((memory >= size.least && memory <= size.most && (memory - size.least) % size.step === 0) ||
      size.also?.includes(memory));
  if (!offered) {
    throw new AwsError(
      "ClientException",
      `No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory.`,
    );
  }
  const ephemeralStorage = (overrides.ephemeralStorage ?? definition.ephemeralStorage)?.sizeInGiB ?? 20;
  const own = overrides.ephemeralStorage ?? definition.ephemeralStorage;
  if (own && (ephemeralStorage < 21 || ephemeralStorage > 200)) {
    throw new AwsError("ClientException", "The ephemeral storage size must be between 21 and 200 GiB.");
  }
  return { cpu, memory, ephemeralStorage };
}

/** "1024", "1 vCPU" and "2 GB" are all allowed; both units are 1024 of the small one. */
function units(text: string | undefined, unit: "vcpu" | "gb"): number {
  const [, amount = "", suffix = ""] = /^\s*([\d.]+)\s*([a-z]*)\s*$/i.exec(text ?? "") ?? [];
  return Number(amount) * (suffix.toLowerCase() === unit ? 1024 : 1);
}
