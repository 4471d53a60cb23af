/** What the schema knows of the setting at a path: messages name it. */
import type { z } from "zod";

type Schema = z.core.$ZodType;

export interface Facts {
  /** What its number counts ("seconds", "MiB"), where it is of some unit. */
  unit?: string;
  example?: unknown;
  /** Whether its value is a secret. */
  isSecret: boolean;
  /** Whether its value is a secret or holds one: none of it is shown. */
  secret: boolean;
  /** The keys of an object. */
  keys: string[];
}

/** Descriptions of numbers begin with their unit. */
const unitOf = (description = "") =>
  /^(KiB|MiB|GiB|CPU units)\b/.exec(description)?.[0] ??
  /^(Seconds|Minutes|Days|Percent)\b/.exec(description)?.[0].toLowerCase();

export function factsOf(root: Schema, path: readonly PropertyKey[]): Facts {
  const { inner, meta } = at(root, path);
  return {
    unit: unitOf(meta.description),
    example: meta.example,
    isSecret: isSecret(meta),
    secret: holdsSecret(inner, meta),
    keys: Object.keys(shapeOf(inner)),
  };
}

/** Where in the settings a key of this name is, without what lies in lists and records: "host.concurrency". */
export function placesOf(root: Schema, key: string): string[] {
  const walk = (schema: Schema, path: string[]): string[] =>
    Object.entries(shapeOf(unwrap(schema).inner)).flatMap(([name, child]) => [
      ...(name === key ? [[...path, name].join(".")] : []),
      ...walk(child, [...path, name]),
    ]);
  return walk(root, []);
}

interface Found {
  inner?: Schema;
  meta: Meta;
}
interface Meta {
  description?: string;
  example?: unknown;
  type?: string;
}

function at(root: Schema, path: readonly PropertyKey[]): Found {
  return path.reduce<Found>(({ inner }, part) => {
    const child = inner && childOf(inner, part);
    return child ? unwrap(child) : { meta: {} };
  }, unwrap(root));
}

const defOf = (schema: Schema) => schema._zod.def as z.core.$ZodTypes["_zod"]["def"];

function childOf(schema: Schema, part: PropertyKey): Schema | undefined {
  const def = defOf(schema);
  if (def.type === "array") return def.element;
  if (def.type === "record") return def.valueType;
  const shape = shapeOf(schema);
  return Object.hasOwn(shape, part) ? shape[String(part)] : undefined;
}

function shapeOf(schema: Schema | undefined): Record<string, Schema> {
  const def = schema && defOf(schema);
  return def?.type === "object" ? (def.shape as Record<string, Schema>) : {};
}

/** The schema within what completes or transforms it; what is said further out counts. */
function unwrap(schema: Schema): Required<Found> {
  let inner = schema;
  let meta: Meta = {};
  for (;;) {
    meta = { ...((inner as z.ZodType).meta?.() as Meta | undefined), ...meta };
    const def = defOf(inner);
    if (def.type === "pipe") inner = defOf(def.in).type === "transform" ? def.out : def.in;
    else if (def.type === "optional" || def.type === "default" || def.type === "prefault") inner = def.innerType;
    else return { inner, meta };
  }
}

const isSecret = ({ type }: Meta) => type?.startsWith("secret") === true;

function holdsSecret(schema: Schema | undefined, meta: Meta): boolean {
  if (isSecret(meta)) return true;
  if (schema === undefined) return false;
  const def = defOf(schema);
  const within = def.type === "array" ? [def.element] : Object.values(shapeOf(schema));
  return within.some((child) => {
    const { inner, meta: own } = unwrap(child);
    return holdsSecret(inner, own);
  });
}
