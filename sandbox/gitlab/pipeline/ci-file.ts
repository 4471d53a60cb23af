/** The CI file as it is written, for what expansion can't tell: where its syntax is wrong, and keywords that get lost. */
import { readFile } from "node:fs/promises";
import { parseAllDocuments } from "yaml";
import { PipelineError } from "../errors";
import { checkImages } from "./image-keywords";

/** Top-level keywords; all other keys are jobs. */
const keywords = ["include", "stages", "variables", "workflow", "default", "spec", "pages"];
const deprecatedDefaults = ["image", "services", "cache", "before_script", "after_script"];

/**
 * The file's documents: a header (`spec:`) may come before the pipeline. Throws PipelineError with the place of the first
 * syntax error, the name of a job that is none, or the place of an image or a service that GitLab refuses.
 */
export async function readCiFile(file: string): Promise<unknown[]> {
  const documents = [
    ...parseAllDocuments(await readFile(file, "utf8"), {
      merge: true,
      uniqueKeys: false,
      customTags: [{ tag: "!reference", collection: "seq" }],
    }),
  ];
  const error = documents.flatMap((document) => document.errors)[0];
  if (error) throw new PipelineError(`.gitlab-ci.yml: ${error.message.trimEnd()}`);
  const contents = documents.map((document) => document.toJS({ maxAliasCount: 1000 }) as unknown);
  const pipeline = contents.at(-1) ?? {};
  if (typeof pipeline !== "object" || Array.isArray(pipeline)) {
    throw new PipelineError(".gitlab-ci.yml: should be a hash of jobs and keywords");
  }
  for (const [name, job] of Object.entries(pipeline)) {
    if (name.startsWith(".") || [...keywords, ...deprecatedDefaults].includes(name)) continue;
    if (typeof job !== "object" || job === null || Array.isArray(job)) {
      throw new PipelineError(`.gitlab-ci.yml: jobs:${name} config should be a hash`);
    }
  }
  checkImages(pipeline);
  return contents;
}
