/** The program's stack in a world: the stock engine with the one or the other aws provider. */
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { execa } from "execa";
import { installAwsPlugin } from "../../sandbox/aws-plugin";
import type { Artifacts } from "../../sandbox/setup";
import { linkProject } from "../support/clone";
import { createEngine, pulumiEntry } from "../support/own-engine";
import { stackText } from "../support/stack";
import { planOf, type Plan, type PreviewDigest } from "./plan";
import type { World } from "./world";

const name = "sandbox";

/** Of Pulumi.sandbox.yaml, by path ("host.count"); undefined takes a setting out. */
export type Change = Record<string, unknown>;

export type Command = "preview" | "refresh" | "destroy";

export interface Stack {
  preview(change: Change, command?: Command): Promise<Plan>;
  up(change: Change): Promise<void>;
  destroy(): Promise<void>;
}

export interface StackOptions {
  artifacts: Pick<Artifacts, "pulumiHome" | "pulumiVersion">;
  world: World;
  /** Is made. */
  folder: string;
  /** The real provider's executable, where that is to be used. */
  plugin?: string;
}

export async function createStack({ artifacts, world, folder, plugin }: StackOptions): Promise<Stack> {
  mkdirSync(folder, { recursive: true });
  const { home, env: own } = createEngine(folder, artifacts, world.debugProviders);
  const project = path.join(folder, "project");
  linkProject(project);
  const env = {
    ...own,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    ...(plugin === undefined ? {} : installAwsPlugin(home, plugin, world.endpoint)),
  };
  const run = async (...args: string[]) => {
    const done = await execa(pulumiEntry, [...args, "--non-interactive", "--color", "never"], {
      cwd: project,
      env,
      extendEnv: false,
      reject: false,
      stdin: "ignore",
    });
    if (done.exitCode !== 0) throw new Error(`pulumi ${args.join(" ")}: ${done.stdout.slice(-4000)}\n${done.stderr}`);
    return done.stdout;
  };
  let files = 0;
  const on = (change: Change) => {
    const file = path.join(folder, `${(files += 1)}.yaml`);
    // No GitLab is asked about its token.
    writeFileSync(file, stackText({ "gitlab:baseUrl": "http://127.0.0.1:1/api/v4/", ...change }));
    return ["--stack", name, "--config-file", file];
  };
  await run("stack", "init", name);
  return {
    async preview(change, command = "preview") {
      const args = command === "preview" ? [] : ["--preview-only"];
      return planOf(JSON.parse(await run(command, ...args, "--json", ...on(change))) as PreviewDigest);
    },
    async up(change) {
      await run("up", "--yes", "--skip-preview", ...on(change));
    },
    async destroy() {
      // moto cannot end an instance twice: what is gone has to be known.
      await run("destroy", "--yes", "--skip-preview", "--refresh", ...on({}));
    },
  };
}
