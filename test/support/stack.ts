/** Looking into the sandbox's stack: what a preview plans, what the state holds, a stack file with other groups. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parseDocument } from "yaml";
import { projectDir } from "../../sandbox/config";
import { pulumiOk } from "./engine";
import type { scratch } from "./scratch";

export const stackFile = path.join(projectDir, "Pulumi.sandbox.yaml");

export interface Step {
  op: string;
  type: string;
  urn: string;
}

/** The steps that `pulumi preview` plans. */
export async function previewSteps(args: string[]): Promise<Step[]> {
  const { stdout } = await pulumiOk(["preview", "--json", ...args]);
  const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
  return steps.map(({ op, urn }) => ({ op, urn, type: urn.split("::")[2].split("$").pop()! }));
}

/** A copy of the sandbox's stack file with these groups; the committed file stays as it is. */
export const withGroups = (folder: ReturnType<typeof scratch>, groups: string[]): Promise<string> =>
  withSettings(folder, { groups });

/**
 * A copy of the sandbox's stack file with these settings, by path ("host.count"; "aws:region" is a provider's), and without
 * those that are undefined; the committed file stays as it is.
 */
export const withSettings = async (
  folder: ReturnType<typeof scratch>,
  settings: Record<string, unknown>,
): Promise<string> => folder.file("Pulumi.sandbox.yaml", stackText(settings));

/** The text of such a file. A path that starts with another namespace ("aws:defaultTags") is of that one. */
export function stackText(settings: Record<string, unknown>): string {
  const document = parseDocument(readFileSync(stackFile, "utf8"));
  for (const [path, value] of Object.entries(settings)) {
    const [first, ...rest] = path.split(".");
    const keys = ["config", first.includes(":") ? first : `gitlab-fargate-runners:${first}`, ...rest];
    if (value !== undefined) document.setIn(keys, document.createNode(value));
    else if (document.hasIn(keys)) document.deleteIn(keys);
  }
  return document.toString();
}

export async function exportStack(args: string[] = []): Promise<{ text: string; resources: StackResource[] }> {
  const { stdout: text } = await pulumiOk(["stack", "export", ...args]);
  return { text, resources: JSON.parse(text).deployment.resources };
}

export interface StackResource {
  urn: string;
  type: string;
  outputs?: Record<string, unknown>;
}

/** The runners' authentication tokens in the state, by URN. */
export async function stackSecrets(): Promise<Record<string, string>> {
  const { resources } = await exportStack(["--show-secrets"]);
  return Object.fromEntries(
    resources
      .filter(({ type }) => type === "gitlab:index/userRunner:UserRunner")
      .map(({ urn, outputs }) => [urn, JSON.parse((outputs!.token as { plaintext: string }).plaintext) as string]),
  );
}
