/** The schema of `tags`, which go on resources of many services and on each task: what all of them take. */
import { z } from "zod";
import { jobTags, stackTag } from "../names";

/** What AWS allows on a resource, or on a task. */
const most = 50;

/**
 * EC2 would take any character; IAM, ECS, CloudWatch, S3, ECR and SNS take these.
 * @see https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
 */
const wrong = /[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu;
const taken = "letters, digits, spaces and _ . : / = + - @";

/** Keys that would be overwritten, and by whom. */
const ownKeys: Record<string, string> = {
  [stackTag]: "the program sets it to the stack's name",
  Name: "the program sets it on hosts",
  ...Object.fromEntries(jobTags.map((key) => [key, "the driver sets it on each task"])),
};

export const tags = z
  .record(z.string(), z.string())
  .default({})
  .superRefine((given, context) => {
    for (const [key, value] of Object.entries(given)) {
      for (const message of [whyKeyRefused(key), ...whyTextRefused("value", value, 256)]) {
        if (message !== undefined) context.addIssue({ code: "custom", path: [key], message });
      }
    }
    for (const [key, first] of sameButCase(Object.keys(given))) {
      const message = `the same as ${first} to IAM, which takes upper and lower case for one`;
      context.addIssue({ code: "custom", path: [key], message });
    }
    const own = 1 + jobTags.length;
    const count = Object.keys(given).length;
    if (count > most - own) {
      const message = `${count} tags; ${most - own} are left of the ${most} that AWS allows, as each task has ${own} of its own`;
      context.addIssue({ code: "custom", message });
    }
  })
  .meta({
    description:
      "Tags of everything in AWS that can have some, tasks included. Every service takes " +
      `${taken}; ${Object.keys(ownKeys)
        .map((key) => `\`${key}\``)
        .join(", ")} are set already.`,
    type: "name → string",
    example: { environment: "production" },
  });

function whyKeyRefused(key: string): string | undefined {
  if (/^aws:/i.test(key)) return "keys that begin with aws: are AWS's own";
  const own = Object.keys(ownKeys).find((name) => name === key || sameToIam(name, key));
  if (own !== undefined) return ownKeys[own];
  if (key === "") return "a tag without a key";
  return whyTextRefused("key", key, 128)[0];
}

/** The program's tag is on roles. What it sets on hosts and the driver on tasks are other keys in lower case. */
const sameToIam = (name: string, key: string): boolean => name === stackTag && name.toLowerCase() === key.toLowerCase();

function whyTextRefused(what: string, text: string, longest: number): string[] {
  const found = [...new Set(text.match(wrong))].map((character) => JSON.stringify(character)).join(" ");
  return [
    ...(found === "" ? [] : [`AWS takes no ${found} in a tag's ${what}; it takes ${taken}`]),
    ...(text.length > longest ? [`a tag's ${what} has at most ${longest} characters, not ${text.length}`] : []),
  ];
}

function sameButCase(keys: readonly string[]): [key: string, first: string][] {
  return keys.flatMap((key, index): [string, string][] => {
    const first = keys.findIndex((other) => other.toLowerCase() === key.toLowerCase());
    return first < index ? [[key, keys[first]]] : [];
  });
}
