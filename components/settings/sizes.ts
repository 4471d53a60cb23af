/** The schema of sizes: what tasks have, and what jobs may ask for. */
import { z } from "zod";
import { ephemeralStorage as storage, memoryByCpu, whyIllegal, whyUnusable } from "./fargate-sizes";
import { strict } from "./values";

const ephemeralStorage = z.int().min(storage.min).max(storage.max).optional();

/** A task definition. */
export const size = strict({
  cpu: z.int().meta({
    description: "CPU units, 1024 = 1 vCPU. Fargate offers it in certain pairs with memory only.",
    example: 4096,
  }),
  memory: z.int().meta({ description: "MiB.", example: 16384 }),
  ephemeralStorage: ephemeralStorage.meta({ description: "GiB.", default: "Fargate's 20", example: 60 }),
}).superRefine(({ cpu, memory }, context) => {
  const message = whyIllegal(cpu, memory);
  if (message) context.addIssue({ code: "custom", message });
});

/** The most that a job may ask for. */
export const maxSize = strict({
  cpu: z
    .literal([...memoryByCpu.keys()])
    .optional()
    .meta({
      description: "CPU units: the most that a job may ask for by `FARGATE_CPU`.",
      default: "jobs may not ask",
      example: 4096,
    }),
  memory: z.int().min(512).max(122880).optional().meta({
    description: "MiB: the most that a job may ask for by `FARGATE_MEMORY`.",
    default: "jobs may not ask",
    example: 16384,
  }),
  ephemeralStorage: ephemeralStorage.meta({
    description: "GiB: the most that a job may ask for by `FARGATE_EPHEMERAL_STORAGE`.",
    default: "jobs may not ask",
    example: 100,
  }),
}).superRefine(({ cpu, memory }, context) => {
  const message = whyUnusable(cpu, memory);
  if (message) context.addIssue({ code: "custom", message });
});

export type MaxSize = z.output<typeof maxSize>;
