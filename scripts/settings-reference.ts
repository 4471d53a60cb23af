/** The reference of the stack's settings, read off their schema: what docs/settings.md holds between its two marks. */
import { stringify } from "yaml";
import type { z } from "zod";

/** One key of the settings. */
export interface Setting {
  /** As errors name it: "groups[].path", "sizes.<name>.cpu". */
  path: string;
  type: string;
  /** Markdown; "required" where the key has to be given. */
  default: string;
  example: unknown;
  description: string;
  schema: z.core.$ZodType;
}

type Schema = z.core.$ZodType;
/** What `.meta()` and the wrappers around a schema say of it. */
interface Known {
  description?: string;
  example?: unknown;
  type?: string;
  default?: unknown;
  value?: unknown;
  optional?: boolean;
}

/** Every key below a schema, in its order. @throws Error that names the keys which say too little */
export function settingsOf(schema: Schema): Setting[] {
  const settings = walk(schema, "");
  const poor = settings.filter(({ description, example }) => description === "" || example === undefined);
  if (poor.length === 0) return settings;
  const names = poor.map(({ path }) => path).join(", ");
  throw new Error(`these settings have no description or example (.describe, .meta): ${names}`);
}

function walk(schema: Schema, path: string): Setting[] {
  const { inner, known } = unwrap(schema);
  const def = inner._zod.def as z.core.$ZodTypes["_zod"]["def"];
  const own = known.description === undefined && hasChildren(inner) ? [] : [setting(schema, inner, known, path)];
  if (path === "" && def.type === "object") own.length = 0;
  return [...own, ...children(def, path)];
}

function children(def: z.core.$ZodTypes["_zod"]["def"], path: string): Setting[] {
  if (def.type === "object") {
    return Object.entries(def.shape).flatMap(([key, value]) => walk(value, path === "" ? key : `${path}.${key}`));
  }
  if (def.type === "array" && hasChildren(unwrap(def.element).inner)) return walk(def.element, `${path}[]`);
  if (def.type === "record" && hasChildren(unwrap(def.valueType).inner)) return walk(def.valueType, `${path}.<name>`);
  return [];
}

const hasChildren = (schema: Schema): boolean => schema._zod.def.type === "object";

/** The schema within what completes, transforms or only marks it; what is said further out counts. */
function unwrap(schema: Schema): { inner: Schema; known: Known } {
  const known: Known = {};
  let inner = schema;
  for (;;) {
    Object.assign(known, { ...metaOf(inner), ...known });
    const def = inner._zod.def as z.core.$ZodTypes["_zod"]["def"];
    if (def.type === "default" || def.type === "prefault") known.value ??= def.defaultValue;
    if (def.type === "optional") known.optional = true;
    if (def.type === "pipe") inner = def.in._zod.def.type === "transform" ? def.out : def.in;
    else if (def.type === "optional" || def.type === "default" || def.type === "prefault") inner = def.innerType;
    else return { inner, known };
  }
}

const metaOf = (schema: Schema): Known => (schema as z.ZodType).meta?.() ?? {};

function setting(schema: Schema, inner: Schema, known: Known, path: string): Setting {
  return {
    path,
    type: known.type ?? typeOf(inner),
    default: (known.default as string | undefined) ?? defaultOf(known),
    example: known.example ?? exampleOf(inner, known),
    description: known.description ?? "",
    schema,
  };
}

function defaultOf({ value, optional }: Known): string {
  if (value !== undefined) return isEmpty(value) ? "none" : code(value);
  return optional ? "none" : "required";
}

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

/** Where the schema itself shows one. */
function exampleOf(inner: Schema, { value }: Known): unknown {
  const def = inner._zod.def as z.core.$ZodTypes["_zod"]["def"];
  if (def.type === "boolean") return value !== true;
  return typeof value === "number" ? value : undefined;
}

function typeOf(inner: Schema): string {
  const def = inner._zod.def as z.core.$ZodTypes["_zod"]["def"];
  switch (def.type) {
    case "enum":
      return Object.values(def.entries)
        .map((entry) => code(entry))
        .join(", ");
    case "literal":
      return `one of ${def.values.join(", ")}`;
    case "array": {
      const { inner: element, known } = unwrap(def.element);
      return `list of ${known.type ?? typeOf(element)}`;
    }
    case "number": {
      const { minValue, maxValue } = inner as z.ZodNumber;
      const from = Number.isSafeInteger(minValue) && minValue! > Number.MIN_SAFE_INTEGER ? minValue : undefined;
      const to = Number.isSafeInteger(maxValue) && maxValue! < Number.MAX_SAFE_INTEGER ? maxValue : undefined;
      if (from === undefined) return "integer";
      return to === undefined ? `integer from ${from}` : `integer, ${from} to ${to}`;
    }
    default:
      return def.type;
  }
}

/** As one would write it in the stack's file. */
const code = (value: unknown): string => {
  const options = { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: false } as const;
  return `\`${stringify(value, options)
    .trim()
    .replace(/^\|-?\n/, "")
    .replaceAll("\n", " ")}\``;
};

/** A table for each top-level key. */
export function reference(schema: Schema): string {
  const sections = new Map<string, Setting[]>();
  for (const one of settingsOf(schema)) {
    const name = /^\w+/.exec(one.path)![0];
    sections.set(name, [...(sections.get(name) ?? []), one]);
  }
  const known = new Map<string, string>();
  return [...sections].map(([name, settings]) => section(name, settings, known)).join("\n");
}

/** Keys that an entry of another list has as well are told there. @param told row → the list that tells it */
function section(name: string, settings: readonly Setting[], told: Map<string, string>): string {
  const rows: string[] = [];
  const elsewhere: string[] = [];
  for (const one of settings) {
    const row = cells(one);
    const key = `${one.path.split("[]").pop()} ${row}`;
    if (one.path.includes("[].") && told.has(key)) elsewhere.push(code(one.path.split("[].")[1]));
    else {
      told.set(key, name);
      rows.push(`| \`${one.path}\` | ${row} |`);
    }
  }
  const others = elsewhere.length === 0 ? [] : [`\nAnd as in [groups](#groups): ${elsewhere.join(", ")}.`];
  return [
    `## ${name}\n`,
    "| Key | Type | Default | Example | Meaning |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    ...others,
    "",
  ].join("\n");
}

const cells = ({ type, default: value, example, description }: Setting): string =>
  [type, value, code(example), description].map((cell) => cell.replaceAll("|", "\\|")).join(" | ");
