/** The stock Pulumi CLI with a home and a backend of its own, beside the sandbox's. */
import { mkdirSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";
import type { Artifacts } from "../../sandbox/setup";

export const pulumiEntry = path.join(projectDir, "node_modules", ".bin", "pulumi");

/**
 * Makes home and backend in a folder that is there.
 * @param debugProviders the provider servers that it attaches, as in PULUMI_DEBUG_PROVIDERS
 * @returns the home, and the whole environment of the CLI
 */
export function createEngine(
  folder: string,
  { pulumiHome, pulumiVersion }: Pick<Artifacts, "pulumiHome" | "pulumiVersion">,
  debugProviders: string,
): { home: string; env: NodeJS.ProcessEnv } {
  const [home, backend] = ["home", "backend"].map((part) => path.join(folder, part));
  for (const dir of [home, backend]) mkdirSync(dir);
  symlinkSync(path.join(pulumiHome, "versions"), path.join(home, "versions"));
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PULUMI_|AWS_|GITLAB_)/.test(name))),
    PULUMI_HOME: home,
    PULUMI_VERSION: pulumiVersion,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: "sandbox",
    PULUMI_DEBUG_PROVIDERS: debugProviders,
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  return { home, env };
}
