/** What the schemas of the settings are made of. */
import { z } from "zod";

/** An object that refuses keys it does not know, and tells those it does. */
export function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? `unknown key; known are ${known}` : undefined),
  });
}

/** Refinements with this run beside other errors of the same object, so that all errors come at once. */
export const always = { when: () => true };
