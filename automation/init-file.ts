/** The file of a new stack: the answers, and settings that are small and cheap to begin with. Pure functions. */
import { isDeepStrictEqual } from "node:util";
import * as defaults from "../components/settings/defaults";
import { instanceArchitecture } from "../components/settings/instance-types";
import { namespace } from "../components/settings/stack-file";
import { record } from "../components/settings/values";
import { isGitlabCom, type Answers } from "./init-answers";
import { block, flow } from "./new-entry";

/**
 * What a new file takes over from one that is there. The stack's secrets hang on what Pulumi itself keeps, and nobody can
 * make that again; the environments of Pulumi ESC may give secrets too.
 */
const keptKeys = ["secretsprovider", "encryptedkey", "encryptionsalt", "environment"];

/** Whether a new file loses nothing of what one holds that is there. */
export function isTakenOver(before: unknown): boolean {
  if (before === null || before === undefined) return true;
  if (typeof before !== "object" || Array.isArray(before)) return false;
  const { config, ...others } = before as Record<string, unknown>;
  const isEmpty = config === null || config === undefined || isDeepStrictEqual(config, {});
  return isEmpty && Object.keys(others).every((key) => keptKeys.includes(key));
}

/** What a job gets unless it asks for more. */
export const jobSize = { cpu: 1024, memory: 2048 };

/** Of the tasks: what most machines that deploy can build an image for. */
export const taskArchitecture = "x86_64";

/** @param before what a file of this stack holds already */
export function initialFile(answers: Answers, before: unknown): string {
  const { stack, region, gitlabUrl, group, adminCidrs, instanceType } = answers;
  const kept = Object.entries(record(before)).filter(([key]) => keptKeys.includes(key));
  return `# yaml-language-server: $schema=docs/stack.schema.json
# The stack ${stack}. docs/settings.md has all settings, and docs/first-deploy.md the way to the first deployment.
${kept.map(([key, value]) => block({ [key]: value }, 0)).join("")}config:
  aws:region: ${region}
${isGitlabCom(answers) ? "" : `  gitlab:baseUrl: ${flow(gitlabUrl)}\n`}\
  # One runner for each of these groups and its subgroups; npm run add-group adds more.
  ${namespace}:groups:
${block({ [group]: {} }, 4)}\
  # Of the tasks: what Docker builds on most machines that deploy. arm64 is a fifth cheaper, and needs a builder for it.
  ${namespace}:architecture: ${taskArchitecture}
  # Spot capacity where there is some. A job whose task is taken back fails as a system failure, which retry can name.
  ${namespace}:spot: prefer
  # What a job gets, and the most that it may ask for (FARGATE_CPU and the like).
  ${namespace}:sizes:
    default: { cpu: ${jobSize.cpu}, memory: ${jobSize.memory} }
  ${namespace}:maxSize: { cpu: 4096, memory: 16384, ephemeralStorage: 50 }
  ${namespace}:host:
    # Who may reach the hosts by SSH: where deployments come from.
    adminCidrs: ${flow(adminCidrs)}
    # The first deployment makes the key pair that it logs in with, and the state keeps it, encrypted. A pair of your own:
    # publicKey, and privateKey by npx pulumi config set --secret --path ${namespace}:host.privateKey
    architecture: ${instanceArchitecture(instanceType)}
    instanceType: ${instanceType}
    # Jobs at once.
    concurrency: ${defaults.concurrency}
    # npm run checksums -- --stack ${stack} VERSION changes the version, with its checksums.
    runner:
      version: ${defaults.runner.version}
`;
}
