/** The stacks that are measured: the program's, with some number of groups, and the two that it is held against. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { previewEnvironment } from "../../automation/stack";
import { projectDir } from "../../sandbox/config";
import { prepareArtifacts } from "../../sandbox/setup";
import { linkProject } from "../../test/support/clone";
import { createEngine, pulumiEntry } from "../../test/support/own-engine";
import { raw } from "../../test/program/support/settings";
import { measure } from "./measure";

const stack = "bench";

export interface Stack {
  preview(...args: string[]): ReturnType<typeof measure>;
  up(): ReturnType<typeof measure>;
  /** Resources in its state, the stack itself and providers left out. */
  resources(): Promise<number>;
}

/** `folder` holds everything of the stack and is the caller's to remove. */
async function createStack(
  folder: string,
  cwd: string,
  debugProviders: string,
  config: object,
  secrets: Record<string, string> = {},
  previewing: Record<string, string> = {},
): Promise<Stack> {
  const { env } = createEngine(folder, await prepareArtifacts({ onProgress: () => {} }), debugProviders);
  const configFile = path.join(folder, `Pulumi.${stack}.yaml`);
  writeFileSync(configFile, stringify({ config }));
  await execa(pulumiEntry, ["stack", "init", stack, "--non-interactive"], { cwd, env, extendEnv: false });
  const options = ["--stack", stack, "--config-file", configFile, "--non-interactive", "--color", "never"];
  for (const [key, input] of Object.entries(secrets)) {
    await execa(pulumiEntry, ["config", "set", "--secret", "--path", key, ...options], {
      cwd,
      env,
      extendEnv: false,
      input,
    });
  }
  const call = (more: Record<string, string>, ...args: string[]) =>
    measure(pulumiEntry, [...args, ...options], { cwd, env: { ...env, ...more } });
  return {
    preview: (...args) => call(previewing, "preview", ...args),
    up: () => call({}, "up", "--yes", "--skip-preview"),
    async resources() {
      const { stdout } = await execa(pulumiEntry, ["stack", "export", "--stack", stack], {
        cwd,
        env,
        extendEnv: false,
      });
      const { resources } = JSON.parse(stdout).deployment as { resources: { type: string }[] };
      return resources.filter(({ type }) => !type.startsWith("pulumi:")).length;
    },
  };
}

/** The program with these settings beside the least that it needs, previewed as `npm run preview` does. */
export async function programStack(
  folder: string,
  debugProviders: string,
  settings: Record<string, unknown>,
): Promise<Stack> {
  const clone = path.join(folder, "project");
  linkProject(clone);
  const { host, ...rest } = raw(settings) as { host: Record<string, unknown> };
  const { privateKey, ...plain } = host;
  const own = Object.entries({ ...rest, host: plain }).map(([key, value]) => [`gitlab-fargate-runners:${key}`, value]);
  const config = { "aws:region": "eu-central-1", ...Object.fromEntries(own) };
  const secrets = {
    "gitlab:token": "glpat-bench",
    // No GitLab is asked about its token.
    "gitlab:baseUrl": "http://127.0.0.1:1/api/v4/",
    "gitlab-fargate-runners:host.privateKey": privateKey as string,
  };
  return createStack(folder, clone, debugProviders, config, secrets, previewEnvironment);
}

/** As many resources that do nothing. */
export const floorStack = (folder: string, debugProviders: string, count: number): Promise<Stack> =>
  ownStack(folder, "floor", debugProviders, { "floor:count": count });

/** The least program that makes as many runners. */
export const plainStack = (folder: string, debugProviders: string, count: number, groups: number): Promise<Stack> =>
  ownStack(folder, "plain", debugProviders, { "plain:count": count, "plain:groups": groups });

async function ownStack(folder: string, name: string, debugProviders: string, config: object): Promise<Stack> {
  const project = path.join(folder, "project");
  mkdirSync(project);
  for (const file of ["Pulumi.yaml", "index.js"]) {
    symlinkSync(path.join(__dirname, name, file), path.join(project, file));
  }
  symlinkSync(path.join(projectDir, "node_modules"), path.join(project, "node_modules"));
  return createStack(folder, project, debugProviders, config);
}
