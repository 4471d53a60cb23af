/** Physical names for resources whose program gives none: the logical name and a random suffix, kept from then on. */
import { createHash } from "node:crypto";
import { DEFAULTS_KEY } from "./diff";
import { UNKNOWN, type Props, type Value } from "./values";

export interface AutoName {
  /** The property that holds the physical name. */
  property: string;
  /** The service's limit. A logical name that is too long for it is refused, as the real providers do. */
  maxLength: number;
  /** For services that take lower-case names only. */
  lowercase?: boolean;
  /** The property that, where given, takes the logical name's place before the suffix. */
  prefixProperty?: string;
}

const SUFFIX_LENGTH = 7;

/**
 * Fills in the name where it is missing: the one that an earlier deployment generated, else a new one from the engine's
 * random seed, so that a preview and the update after it show the same.
 */
export function applyAutoName(
  rule: AutoName,
  news: Props,
  context: { name: string; urn: string; olds: Props | undefined; randomSeed: Uint8Array },
): Props {
  const { property } = rule;
  if (news[property] !== undefined && news[property] !== null) return news;
  const prefix = rule.prefixProperty ? news[rule.prefixProperty] : undefined;
  const generatedBefore = context.olds?.[DEFAULTS_KEY];
  const kept =
    Array.isArray(generatedBefore) && generatedBefore.includes(property) ? context.olds?.[property] : undefined;
  return {
    ...news,
    [property]: kept ?? generate(rule, { ...context, prefix: prefix ?? `${context.name}-` }),
    [DEFAULTS_KEY]: [...(Array.isArray(news[DEFAULTS_KEY]) ? news[DEFAULTS_KEY] : []), property],
  };
}

function generate(rule: AutoName, context: { prefix: Value; urn: string; randomSeed: Uint8Array }): string {
  // Without a seed (a resource being imported, an old engine) or with a prefix not known yet, the name stays open.
  if (context.randomSeed.length === 0 || typeof context.prefix !== "string" || context.prefix === UNKNOWN)
    return UNKNOWN;
  const suffix = createHash("sha256").update(context.randomSeed).update(context.urn).digest("hex");
  const stem = rule.lowercase ? context.prefix.toLowerCase() : context.prefix;
  if (stem.length + SUFFIX_LENGTH > rule.maxLength) {
    const type = context.urn.split("::")[2]?.split("$").pop() ?? "";
    const why = `name '${stem}' plus ${SUFFIX_LENGTH} random chars is longer than maximum length ${rule.maxLength}`;
    throw new Error(`could not make instance of '${type}': ${why}`);
  }
  return stem + suffix.slice(0, SUFFIX_LENGTH);
}
