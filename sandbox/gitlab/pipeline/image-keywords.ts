/**
 * What GitLab refuses of `image:` and `services:` and gitlab-ci-local takes, after lib/gitlab/ci/config/entry (image.rb,
 * service.rb, imageable.rb) of GitLab; some of the words are the sandbox's. Included files are not looked at.
 */
import { PipelineError } from "../errors";
import type { RawJob } from "./expander";

const common = ["name", "entrypoint", "pull_policy", "docker", "kubernetes"];
const ofServices = [...common, "alias", "command", "variables"];
/** Of the executors' own options. */
const options: Record<string, string[]> = { docker: ["platform", "user"], kubernetes: ["user"] };
const pullPolicies = ["always", "never", "if-not-present"];

/** @param document the pipeline, as it is written. @throws PipelineError that names the job */
export function checkImages(document: RawJob): void {
  // Both are deprecated at the top level, and mean default: there.
  checkJob("root", document);
  for (const [name, job] of Object.entries(document)) {
    if (isMapping(job)) checkJob(name === "default" ? name : `jobs:${name}`, job);
  }
}

function checkJob(place: string, { image, services }: RawJob): void {
  if (isMapping(image)) check(`${place}:image`, image, common);
  if (!Array.isArray(services)) return;
  for (const service of services) if (isMapping(service)) check(`${place}:services:service`, service, ofServices);
}

function check(place: string, found: RawJob, keys: string[]): void {
  unknownKeys(`${place} config`, found, keys);
  if (typeof found.name !== "string" || found.name === "") throw new PipelineError(`${place} name can't be blank`);
  for (const [executor, known] of Object.entries(options)) {
    if (found[executor] === undefined) continue;
    if (!isMapping(found[executor])) throw new PipelineError(`${place}:${executor} config should be a hash`);
    unknownKeys(`${place}:${executor} config`, found[executor], known);
  }
  const policies: unknown[] = [found.pull_policy ?? []].flat();
  if (found.pull_policy !== undefined && !(policies.length > 0 && policies.every(isPullPolicy))) {
    throw new PipelineError(`${place}:pull_policy config should be one or more of: ${pullPolicies.join(", ")}`);
  }
}

function unknownKeys(place: string, found: RawJob, known: string[]): void {
  const unknown = Object.keys(found).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new PipelineError(`${place} contains unknown keys: ${unknown.join(", ")}`);
}

const isPullPolicy = (value: unknown) => pullPolicies.includes(value as string);
const isMapping = (value: unknown): value is RawJob =>
  typeof value === "object" && value !== null && !Array.isArray(value);
