/** What the schemas of the settings are made of. */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { readPrivateKey, readPublicKey } from "./ssh-keys";

/** What an object holds by key; nothing where the value is none. */
export const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** Lists and objects come as JSON, everything else as its text; no setting is a text that reads "true" or "false". */
export function structured(text: string): unknown {
  if (!/^(\s*[[{]|true$|false$)/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** An object that refuses keys it does not know. */
export const strict = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => z.strictObject(shape);

/** Refinements with this run beside other errors of the same object, so that all errors come at once. */
export const always = { when: () => true };

/** A text that must be given; `how` says where to get it. */
export const required = (how: string) => z.string({ error: (issue) => (issue.input === undefined ? how : undefined) });

/** A text that is secret from here on: the engine encrypts it in the state and hides it in what it prints. */
export const secret = (text: z.ZodString) => text.transform((value) => pulumi.secret(value));

/**
 * A key as SSH programs want it: with a newline at its end, which the CLI cuts off when it reads a value from stdin.
 */
export const secretKey = (text: z.ZodString) =>
  text
    .superRefine((value, context) => {
      const { why } = readPrivateKey(value);
      if (why !== undefined) context.addIssue({ code: "custom", message: why });
    })
    .transform((value) => pulumi.secret(`${value.trimEnd()}\n`));

/** A public key in one line, of one of these types. */
export const publicKey = (text: z.ZodString, types: readonly string[]) =>
  text.superRefine((value, context) => {
    const { why } = readPublicKey(value, types);
    if (why !== undefined) context.addIssue({ code: "custom", message: why });
  });

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "not a SHA-256 in lower-case hexadecimal digits");
export const baseUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ""));

/** A list in which nothing stands twice. */
export const distinct = <Item extends z.ZodType>(item: Item, params?: z.core.$ZodArrayParams) =>
  z
    .array(item, params)
    .superRefine((list, context) => {
      (Array.isArray(list) ? list : []).forEach((one, index) => {
        const first = list.indexOf(one);
        if (first === index) return;
        context.addIssue({ code: "custom", path: [index], message: `the same as [${first}]` });
      });
    }, always)
    .meta({ uniqueItems: true });
