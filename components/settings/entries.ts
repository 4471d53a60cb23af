/** The schema of `groups`, `projects` and `instanceRunners`: each entry is one runner. */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { entryKey, type EntryKind } from "../names";
import { asList, spelledOut } from "./entry-forms";
import { onItsOwn, type OnItsOwn } from "./entry-tasks";
import { entryImages } from "./images";
import { nameSegment, pathPattern, whyNoPath } from "./owner-path";
import { ofEntry, type RunnerSettings } from "./runner-settings";
import { entryServices } from "./services";
import { maxSize, type MaxSize } from "./sizes";
import { always, distinct, secret, strict } from "./values";

/** An entry of `groups`, `projects` or `instanceRunners`, completed. */
export interface Entry extends OnItsOwn {
  kind: EntryKind;
  /** Unique in the stack, independent of the entry's place in the list. */
  key: string;
  /** Where it is in the settings, as errors name it: `groups[0]`, `groups["acme/backend"]`. */
  place: string;
  /** Of a group or project: this or the id. */
  path?: string;
  id?: number;
  /** Description in GitLab, name in config.toml. */
  name: string;
  tags: string[];
  untagged: boolean;
  protected: boolean;
  locked: boolean;
  paused: boolean;
  /** Seconds. */
  maximumTimeout?: number;
  maintenanceNote?: string;
  /** A name of `sizes`. */
  size: string;
  /** Names of `sizes` that its jobs may choose; all where left out. */
  allowedSizes?: string[];
  /** The most that its jobs may ask for, instead of the stack's. */
  maxSize?: MaxSize;
  /** Patterns of the images that its jobs may name, instead of the stack's. */
  images?: string[];
  /** Patterns of the services that its jobs may name, instead of the stack's. */
  services?: string[];
  /** Jobs at once of this runner, on each host. */
  limit?: number;
  /** The runner's token where it was created elsewhere: nothing is created in GitLab then. */
  token?: pulumi.Output<string>;
  /** What GitLab Runner itself is told of it, with what all runners are told. */
  runner: RunnerSettings;
}

/** What GitLab keeps of a runner: without effect on one that was created elsewhere. */
const inGitLab = {
  tags: distinct(
    z
      .string()
      .min(1)
      .max(255)
      .regex(/^[^,]*$/, "GitLab takes it for several tags, with commas between"),
  )
    .max(50, "GitLab takes 50 tags of a runner at most")
    .default([])
    .meta({ description: "Takes jobs with these tags.", type: "list of string", example: ["large", "arm"] }),
  untagged: z.boolean().optional().meta({
    description: "Takes jobs without tags. False needs `tags`.",
    default: "true where there are no `tags`",
    example: true,
  }),
  protected: z.boolean().default(false).describe("Takes jobs of protected branches and tags only."),
  locked: z.boolean().default(false).describe("Cannot be enabled for other projects."),
  paused: z.boolean().default(false).describe("Takes no jobs for now."),
  maximumTimeout: z.int().min(600).optional().meta({
    description: "Seconds: the longest that a job may take. Without it, GitLab shows a month, which limits no job.",
    default: "the job's or the project's",
    example: 7200,
  }),
  maintenanceNote: z
    .string()
    .max(1024)
    .optional()
    .meta({ description: "Shown to GitLab's administrators.", example: "owned by the data team" }),
};

/** Keys of an entry that have no effect beside `token`. */
export const withoutEffectOnToken = Object.keys(inGitLab);

const here = {
  size: z
    .string()
    .default("default")
    .meta({ description: "The size of its jobs: a name of `sizes`.", example: "large" }),
  allowedSizes: distinct(z.string())
    .optional()
    .meta({
      description:
        "Names of `sizes` that its jobs may choose beside `size`. With it, or `maxSize`, no variable goes further.",
      type: "list of string",
      default: "all",
      example: ["default"],
    }),
  maxSize: maxSize.optional().meta({
    description: "The most that its jobs may ask for, instead of the stack's `maxSize`; `{}`: nothing.",
    default: "the stack's `maxSize`",
    example: { cpu: 4096, memory: 16384 },
  }),
  images: entryImages,
  services: entryServices,
  limit: z
    .int()
    .min(1)
    .optional()
    .meta({ description: "Its jobs at once on each host.", default: "`host.concurrency`", example: 4 }),
  ...onItsOwn,
  runner: ofEntry,
  token: secret(
    z
      .string()
      .regex(/^\S+$/, "not a runner's token")
      .refine((text) => !text.startsWith("GR1348941"), {
        error: "a registration token; what is needed is the token of a created runner, like glrt-…",
      })
      .refine((text) => !/^gl(?!rt)[a-z]+-/.test(text), {
        error: "the token of something else than a runner, whose begins with glrt-",
      }),
  )
    .optional()
    .meta({
      description:
        "Authentication token of a runner that was created elsewhere. Nothing is created in GitLab then, and the " +
        "keys that GitLab keeps (`tags` to `maintenanceNote`) are refused: set them there.",
      type: "secret string",
      example: "glrt-…",
    }),
};

/** By path or by id. */
function owned(kind: "group" | "project", example: string, id: number) {
  const path = z.string().superRefine((value, context) => {
    const message = whyNoPath(kind, value, example);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
  return {
    path: path.optional().meta({
      description: `The ${kind}'s full path. A plain string is read as the path.`,
      default: "this or `id`",
      example,
      pattern: pathPattern(kind),
    }),
    id: z
      .int()
      .min(1)
      .optional()
      .meta({
        description:
          `The ${kind}'s id: stays the same when it is renamed or moved. ` + "A plain number is read as the id.",
        default: "this or `path`",
        example: id,
      }),
    name: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .meta({
        description: "The runner's description in GitLab, its name in config.toml and in jobs' logs.",
        default: `the path, or "${kind} ${id}"`,
        example: "backend on Fargate",
      }),
  };
}

const named = {
  name: z
    .string({ error: (issue) => (issue.input === undefined ? "required: the runner's name" : undefined) })
    .regex(new RegExp(`^${nameSegment}$`), "not a name of letters, digits, dots, dashes")
    .max(128)
    .meta({
      description: "Tells the entry from others; description in GitLab. An entry that is a text is its name.",
      example: "shared",
    }),
};

type Given = Omit<Entry, "kind" | "key" | "place" | "name" | "untagged"> & { name?: string; untagged?: boolean };

function entries(kind: EntryKind, identity: z.core.$ZodLooseShape) {
  const entry = strict({ ...identity, ...inGitLab, ...here }).superRefine((value, context) => {
    if (typeof value !== "object" || value === null) return;
    const { path, id, tags, untagged } = value as unknown as Given;
    if (untagged === false && !(Array.isArray(tags) && tags.length > 0)) {
      context.addIssue({ code: "custom", path: ["untagged"], message: "false needs tags, or the runner takes no job" });
    }
    if (kind !== "instance" && (path === undefined) === (id === undefined)) {
      context.addIssue({ code: "custom", message: `needs either path or id${path === undefined ? "" : ", not both"}` });
    }
  }, always);
  const list = z.array(z.preprocess((value) => spelledOut(kind, value), entry));
  return z
    .preprocess((value) => asList(kind, value), list)
    .default([])
    .transform((all) => (all as unknown as Given[]).map((one) => completed(kind, one)));
}

function completed(kind: EntryKind, one: Given): Omit<Entry, "place"> {
  const what = (kind === "instance" ? one.name : (one.path ?? one.id)) as string | number;
  return {
    ...one,
    kind,
    key: entryKey(kind, what),
    name: one.name ?? (typeof what === "number" ? `${kind} ${what}` : what),
    untagged: one.untagged ?? one.tags.length === 0,
  };
}

export const groups = entries("group", owned("group", "acme/backend", 42)).meta({
  description:
    "One runner for each group, and its subgroups: a list of paths, ids or objects, or a map of objects by path or id.",
  type: "list of path, id or object, or path → object",
  example: ["acme/backend", 42, { path: "acme/data", tags: ["large"], size: "large" }],
});
export const projects = entries("project", owned("project", "acme/backend/api", 77)).meta({
  description: "One runner for each project: a list of paths, ids or objects, or a map of objects by path or id.",
  type: "list of path, id or object, or path → object",
  example: ["acme/backend/api", 77],
});
export const instanceRunners = entries("instance", named).meta({
  description:
    "Runners for the whole GitLab instance (self-managed only): a list of names or objects, or a map by name.",
  type: "list of name or object, or name → object",
  example: ["shared"],
});
