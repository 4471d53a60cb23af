/** Physical names for resources whose program gives none: the logical name and a random suffix, kept from then on. */
import { createHash } from "node:crypto";
import { DEFAULTS_KEY } from "./diff";
import { UNKNOWN, type Props, type Value } from "./values";

export interface AutoName {
  /** The property that holds the physical name. */
  property: string;
  /** The service's limit; the logical name is cut to fit, never the suffix. */
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
  const stem = (rule.lowercase ? context.prefix.toLowerCase() : context.prefix).replace(/[^\w.-]+/g, "-");
  return stem.slice(0, rule.maxLength - SUFFIX_LENGTH) + suffix.slice(0, SUFFIX_LENGTH);
}
