/** The schema of the services that jobs may name by `services:`. Their patterns are those of images. */
import { z } from "zod";
import { eachOnce } from "../each-once";
import { allImages, imagePattern } from "./images";
import { distinct, strict } from "./values";

/** Seconds, as GitLab Runner's `wait_for_services_timeout`; driver/internal/config has it too. */
export const defaultWait = 30;

export const services = strict({
  allowed: distinct(imagePattern)
    .default([])
    .meta({
      description:
        "Patterns, as in `images.allowed`, of the images that jobs may name by `services:`, which counts for nothing " +
        "without any. Each service is a container of the job's task, and has its share of the task's size. Hosts get " +
        "the same rights as for jobs' images, and may read the services' log.",
      type: "list of string",
      default: "none: `services:` is ignored",
      example: ["postgres:*", "redis:*"],
    }),
  wait: z.int().min(1).max(600).default(defaultWait).meta({
    description: "Seconds that a job waits at most until its services take connections; then it starts with a warning.",
    example: 120,
  }),
}).prefault({});

/** Key of an entry. */
export const entryServices = distinct(imagePattern)
  .optional()
  .meta({
    description: "The services that its jobs may name, instead of `services.allowed`; `[]`: none.",
    type: "list of string",
    default: "`services.allowed`",
    example: ["mysql:8.*"],
  });

interface ServiceSettings {
  readonly services: { readonly allowed: readonly string[] };
  readonly entries: readonly { readonly services?: readonly string[] }[];
}

/** What the jobs of some entry may name. Empty where `services:` counts for nothing anywhere. */
export const allServices = ({ services: stack, entries }: ServiceSettings): string[] =>
  eachOnce(entries.flatMap(({ services: own }) => own ?? stack.allowed));

/**
 * All images that tasks may be made of besides the stack's own. Where there are some, hosts register task definitions for
 * jobs.
 */
export const foreignImages = (settings: ServiceSettings & Parameters<typeof allImages>[0]): string[] =>
  eachOnce([...allImages(settings), ...allServices(settings)]);
