/** The schema of the images that jobs may name by `image:`, as patterns, which the driver compares them with. */
import { z } from "zod";
import { eachOnce } from "../each-once";
import { imageInfix } from "../names";
import * as defaults from "./defaults";
import { entriesOf } from "./entry-path";
import { registries } from "./registries";
import { distinct, record, strict } from "./values";
import { shown } from "./values-shown";

/** driver/internal/images has the same rule; driver/internal/images/testdata/patterns.json has cases of both. */
export const imagePattern = z.string().superRefine((text, context) => {
  const why = whyNoPattern(text);
  if (why !== undefined) context.addIssue({ code: "custom", message: `${why}; ${likeThese}` });
});

const likeThese = 'write a pattern such as "node:*" or "registry.example.com/team/**"';

/** Parts of a pattern: what is quoted, a class of characters, a bracket, and texts without any. */
const part = /\\.|\[(?:[!^]|(?![!^]))(?!\])(?:\\.|[^\]\\])+\]|[[{}\\]|[^[{}\\]+/gs;

/** Why no image can be compared with a text; undefined where one can. */
export function whyNoPattern(text: string): string | undefined {
  if (text === "") return "empty";
  if (text.trim() !== text) return `${shown(text)} begins or ends with white space`;
  if (/^\w+:\/\//.test(text)) return `${shown(text)} is a URL, and the names of images have no https://`;
  let open = 0;
  for (const [one] of text.matchAll(part)) {
    if (one === "[") return `${shown(text)} has a [ without its ], or nothing between them`;
    if (one === "\\") return `${shown(text)} ends in a backslash`;
    if (one === "{") open++;
    if (one === "}" && --open < 0) return `${shown(text)} has a } without its {`;
  }
  if (open > 0) return `${shown(text)} has a { without its }`;
  let count = 0;
  for (const _ of alternatives(text)) {
    if (++count > mostAlternatives) return `${shown(text)} stands for more than ${mostAlternatives} patterns`;
  }
  return undefined;
}

/** Each is a repository of its own in a policy, which has no room for more. */
const mostAlternatives = 100;

/** A pattern without lists and classes of characters: one for each of a list, and any character for one of a class. */
export function* alternatives(pattern: string): Generator<string> {
  const simple = pattern.replace(/\[[^\]]+\]/g, "?");
  const found = /\{([^{}]*)\}/.exec(simple);
  if (!found) return yield simple;
  const [before, after] = [simple.slice(0, found.index), simple.slice(found.index + found[0].length)];
  for (const one of found[1].split(",")) yield* alternatives(before + one + after);
}

export const images = strict({
  allowed: distinct(imagePattern)
    .default([])
    .meta({
      description:
        "Patterns of the images that jobs may name by `image:`, which counts for nothing without any. `*` stands for " +
        "anything but a slash, `**` for any number of parts between slashes. Costs no money, but calls of ECS for each " +
        "such job, and rights of hosts and tasks.",
      type: "list of string",
      default: "none: `image:` is ignored",
      example: ["node:*", "registry.example.com/team/**"],
    }),
  registries,
}).prefault({});

/** Key of an entry. */
export const entryImages = distinct(imagePattern)
  .optional()
  .meta({
    description: "The images that its jobs may name, instead of `images.allowed`; `[]`: none.",
    type: "list of string",
    default: "`images.allowed`",
    example: ["python:3.*"],
  });

/** Whether a list in the settings, right or wrong, allows any. */
const allowsAny = (list: unknown) => Array.isArray(list) && list.length > 0;

/** A host with the right to register what is derived from `large` could register revisions of a size `large-image-…`. */
export function sizesOfImages(raw: Record<string, unknown>): string[] {
  const entries = entriesOf(raw);
  const lists = (["images", "services"] as const).flatMap((key) => [
    record(raw[key]).allowed,
    ...entries.map(([, entry]) => entry[key]),
  ]);
  if (!lists.some(allowsAny)) return [];
  const sizes = Object.keys({ ...defaults.sizes, ...record(raw.sizes) });
  return sizes.flatMap((name) => {
    const other = sizes.find((one) => name.startsWith(one + imageInfix));
    if (other === undefined) return [];
    const made = `"${other}${imageInfix}…" is what is made of the size ${other} for jobs with images or services`;
    return [`sizes.${name}: ${made}; give it another name`];
  });
}

/** What the jobs of some entry may name. Empty where `image:` counts for nothing anywhere. */
export const allImages = ({ images: stack, entries }: ImageSettings): string[] =>
  eachOnce(entries.flatMap(({ images: own }) => own ?? stack.allowed));

interface ImageSettings {
  readonly images: { readonly allowed: readonly string[] };
  readonly entries: readonly { readonly images?: readonly string[] }[];
}
