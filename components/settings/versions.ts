/** Versions as they stand in the addresses of what is downloaded. */
import { z } from "zod";

/** @param before what people write before a version, and its address has already */
const version = (what: string, form: RegExp, before: RegExp, example: string) =>
  z
    .string()
    .superRefine((text, context) => {
      if (form.test(text)) return;
      const bare = text.trim().replace(before, "");
      const message = form.test(bare)
        ? `${JSON.stringify(text)} is not how it is written here; write ${bare}`
        : `${JSON.stringify(text)} is not a version of ${what}, like ${example}`;
      context.addIssue({ code: "custom", message });
    })
    .meta({ pattern: form.source });

export const runnerVersion = version("GitLab Runner", /^\d+\.\d+\.\d+(-rc\d+)?$/, /^v/i, "19.4.0");
export const goVersion = version("Go", /^1\.\d+(\.\d+)?((rc|beta)\d+)?$/, /^(go|v)/i, "1.26.8");
