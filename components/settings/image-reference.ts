/** Images by name, as registries and ECS read them: ECS itself takes any text, and each job fails then. */
import { z } from "zod";
import { shown } from "./values-shown";

/** Of the reference's grammar (https://pkg.go.dev/github.com/distribution/reference). */
const [host, name, tag] = ["[\\w.-]+(?::\\d+)?", "[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*", "\\w[\\w.-]{0,127}"];
const reference = new RegExp(`^(?:${host}/)?${name}(?:/${name})*(?::${tag})?(?:@sha256:[0-9a-f]{64})?$`);

export const imageReference = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    if (text === "" || reference.test(text)) return;
    const bare = text.trim().replace(/^\w+:\/\//, "");
    const hint = bare !== text && reference.test(bare) ? `; write ${bare}` : "";
    context.addIssue({
      code: "custom",
      message: `not the name of an image, like "registry.example.com/ci/job:1": ${shown(text)}${hint}`,
    });
  });
