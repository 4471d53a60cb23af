/** What a stack file may hold in the place of a setting's own value: an encrypted one, or the text that Pulumi's CLI writes. */

export interface JsonSchema {
  type?: string | string[];
  description?: string;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  uniqueItems?: boolean;
  required?: string[];
  examples?: unknown[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  /** Of this project: the value must be encrypted. It is in no schema that is written. */
  secret?: boolean;
  [keyword: string]: unknown;
}

export const encrypted: JsonSchema = {
  description: "An encrypted value, which `npx pulumi config set --secret` writes.",
  type: "object",
  properties: { secure: { description: "The encrypted value.", type: "string" } },
  required: ["secure"],
  additionalProperties: false,
};

const reference: JsonSchema = { $ref: "#/definitions/encrypted" };

/**
 * Pulumi takes an encrypted value anywhere. Alternatives, and no condition: editors complete what is in alternatives only
 * (seen with yaml-language-server 2.0.0).
 */
export function encryptable({ description, ...own }: JsonSchema, others: readonly JsonSchema[] = []): JsonSchema {
  const { anyOf = [own], ...rest } = own;
  const about = { ...(description !== undefined && { description }), ...(own.anyOf && rest) };
  return { ...about, anyOf: [...anyOf, ...others, reference] };
}

/** @param place "setting": a whole one, which the CLI may write as a text; "secret": never in plain text */
export function withEncrypted(given: JsonSchema, place: "setting" | "part" | "secret" = "part"): JsonSchema {
  const { secret, ...json } = given;
  if (secret === true || place === "secret") return { description: json.description, ...reference };
  return encryptable(within(json), place === "setting" ? asText(json) : []);
}

function within({ properties, items, additionalProperties, anyOf, ...json }: JsonSchema): JsonSchema {
  const values = typeof additionalProperties === "object" ? withEncrypted(additionalProperties) : additionalProperties;
  return {
    ...json,
    ...(anyOf && { anyOf: anyOf.map(within) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, withEncrypted(one)])),
    }),
    ...(items && { items: withEncrypted(items) }),
    ...(values !== undefined && { additionalProperties: values }),
  };
}

/** `pulumi config set` writes a switch as "true", and a list or an object that it is given as JSON as that text. */
function asText({ type, anyOf = [] }: JsonSchema): JsonSchema[] {
  const text = (pattern: string, patternErrorMessage: string) => [{ type: "string", pattern, patternErrorMessage }];
  switch (type) {
    case "boolean":
      return text("^(true|false)$", "Write true or false.");
    case "array":
      return text("^\\s*\\[", "A list is expected.");
    case "object":
      return text("^\\s*\\{", "Keys with values are expected.");
    default:
      return anyOf.flatMap(asText);
  }
}
