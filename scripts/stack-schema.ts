/**
 * The JSON schema of the stacks' files, for editors: read off the settings' schema, with what a stack file has besides.
 * What JSON Schema cannot say (sizes that an entry names, pairs of settings) is said by `npm run config:check`.
 */
import * as path from "node:path";
import { format, resolveConfig } from "prettier";
import { z } from "zod";
import { schema } from "../components/settings/schema";
import { namespace } from "../components/settings/stack-file";
import { encrypted, encryptable, type JsonSchema, withEncrypted } from "./stack-schema-secrets";

export const schemaFile = path.resolve(__dirname, "..", "docs", "stack.schema.json");

/** Of `.meta()`, as docs/settings.md has it; `pattern`, `uniqueItems` and `oneOf` are for what only a refinement says. */
interface Meta {
  description?: string;
  example?: unknown;
  type?: string;
  default?: unknown;
  pattern?: string;
  uniqueItems?: boolean;
  /** Keys of which there has to be just one. */
  oneOf?: string[];
}

/** Settings that a file may lack until a command has filled them in; the program requires them all the same. */
const filledInLater = ["adminCidrs"];

/** The schema's text, as prettier has it. */
export async function stackSchema(): Promise<string> {
  const text = JSON.stringify(whole(settingsSchema()));
  return format(text, { ...(await resolveConfig(schemaFile)), filepath: schemaFile });
}

function whole(settings: JsonSchema): JsonSchema {
  const own = Object.entries(settings.properties ?? {}).map(([key, value]): [string, JsonSchema] => [
    `${namespace}:${key}`,
    withEncrypted(value, "setting"),
  ]);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Stack file of gitlab-fargate-runners",
    description: "Pulumi.STACK.yaml: the settings of docs/settings.md, and those of the providers.",
    type: "object",
    additionalProperties: false,
    properties: {
      config: {
        description: "The stack's configuration. Each key has a namespace before it.",
        type: "object",
        properties: { ...Object.fromEntries(own), ...providers },
        // Other programs' namespaces may be anything.
        patternProperties: { [`^(?!${namespace}:)[^:]+:.+$`]: {} },
        additionalProperties: false,
      },
      ...pulumis,
    },
    definitions: { encrypted },
  };
}

/** @see https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/ */
const pulumis: Record<string, JsonSchema> = {
  environment: { description: "Pulumi ESC: a list of environments, or one's definition.", type: ["array", "object"] },
  secretsprovider: { description: "What encrypts the stack's secrets. Pulumi writes it.", type: "string" },
  encryptedkey: { description: "The key of the secrets, encrypted. Pulumi writes it.", type: "string" },
  encryptionsalt: { description: "The salt of the passphrase. Pulumi writes it.", type: "string" },
};

const providers: Record<string, JsonSchema> = {
  "aws:region": encryptable({ description: "The region of the stack.", type: "string", examples: ["eu-central-1"] }),
  "aws:profile": encryptable({ description: "A profile of AWS's configuration files.", type: "string" }),
  "gitlab:baseUrl": encryptable({
    description: "The address of GitLab's API. Left out: gitlab.com.",
    type: "string",
    examples: ["https://gitlab.example.com/api/v4/"],
    pattern: "^https?://",
    patternErrorMessage: "The address of GitLab's API begins with https://.",
  }),
  "gitlab:token": withEncrypted(
    {
      description:
        "Token of a user or group with the scopes create_runner, manage_runner and read_api. It is encrypted: " +
        "`npx pulumi config set --secret gitlab:token`.",
    },
    "secret",
  ),
};

/** Without zod's own reading of `.meta()`, which would take the page's words for JSON Schema's. */
function settingsSchema(): JsonSchema {
  return z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
    metadata: z.registry(),
    override: ({ zodSchema, jsonSchema }) => adapt(jsonSchema as JsonSchema, zodSchema),
  }) as JsonSchema;
}

/** Changes one part of zod's JSON schema into what editors show well. */
function adapt(json: JsonSchema, one: z.core.$ZodType): void {
  const meta = (one as z.ZodType).meta?.() as Meta | undefined;
  spellOut(json);
  plainly(json);
  const said = sentenceOf(one);
  if (json.pattern !== undefined && said !== undefined) json.patternErrorMessage = said;
  if (meta?.pattern !== undefined && json.type === "string") json.pattern = meta.pattern;
  if (meta?.uniqueItems === true && json.type === "array") json.uniqueItems = true;
  if (meta?.oneOf !== undefined) json.oneOf = meta.oneOf.map((key) => ({ required: [key] }));
  if (meta?.description !== undefined) json.description = described(meta, json.default);
  if (meta?.example !== undefined) json.examples = [meta.example];
  if (meta?.type?.startsWith("secret")) json.secret = true;
}

/** Without what zod writes for itself alone, and without what no number of a setting reaches. */
function plainly(json: JsonSchema): void {
  if (json.format?.startsWith("cidr")) json.patternErrorMessage = "not a network in CIDR notation";
  if (json.format === "starts_with" || json.format?.startsWith("cidr")) delete json.format;
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
  const required = json.required?.filter((key) => !filledInLater.includes(key));
  if (required?.length) json.required = required;
  else delete json.required;
}

/** The sentence that the settings' schema has for a text of another form. */
function sentenceOf(one: z.core.$ZodType): string | undefined {
  const { checks = [] } = one._zod.def as z.core.$ZodTypeDef;
  for (const check of checks) {
    const { error, pattern } = check._zod.def as { error?: (issue: object) => unknown; pattern?: RegExp };
    const said = pattern && error?.({});
    if (typeof said === "string") return said;
  }
  return undefined;
}

/** With the default, which editors show nowhere else. */
function described({ description, default: words }: Meta, value: unknown): string {
  const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  const shown = typeof words === "string" ? words : value === undefined || isEmpty ? undefined : `\`${String(value)}\``;
  return shown === undefined ? description! : `${description} Default: ${shown}.`;
}

/** Runners are a list, in which an entry may be its path, id or name alone, or a map whose keys these are. */
function spellOut(json: JsonSchema): void {
  const { path: byPath, id, name, untagged, ...others } = json.items?.properties ?? {};
  if (untagged === undefined) return;
  const { description: _, ...text } = byPath ?? name;
  const number = id === undefined ? [] : [{ type: "integer", minimum: 1 }];
  const list = { type: "array", items: { anyOf: [text, ...number, json.items as JsonSchema] } };
  const { required: __, ...entry } = json.items as JsonSchema;
  const properties = { ...(byPath && { name }), untagged, ...others };
  const map = {
    type: "object",
    propertyNames: byPath ? keyOf(text, number.length > 0) : text,
    additionalProperties: { anyOf: [{ ...entry, properties }, { type: "null" }] },
  };
  delete json.type;
  delete json.items;
  json.anyOf = [list, map];
}

/** A map's key is a text, an id too. */
const keyOf = ({ pattern }: JsonSchema, withIds: boolean): JsonSchema => ({
  pattern: withIds ? `${pattern}|^[1-9]\\d*$` : pattern,
});
