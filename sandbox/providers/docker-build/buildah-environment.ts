/** The environment of buildah: nothing of the user's settings, and nothing outside of one folder. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";

/**
 * buildah (seen with 1.39) makes nothing where it does not find netavark, which gives containers networks of their own. Builds
 * here have none, so it never runs it, and what it finds is a program that fails.
 */
export function buildahEnvironment(dir: string): NodeJS.ProcessEnv {
  const helpers = path.join(dir, "helpers");
  mkdirSync(helpers, { recursive: true, mode: 0o700 });
  const netavark = path.join(helpers, "netavark");
  rmSync(netavark, { force: true });
  symlinkSync("/bin/false", netavark);
  const settings = path.join(dir, "containers.conf");
  const lines = [
    "[engine]",
    `helper_binaries_dir = [${JSON.stringify(helpers)}]`,
    "[network]",
    'network_backend = "netavark"',
    `network_config_dir = ${JSON.stringify(path.join(dir, "networks"))}`,
  ];
  writeFileSync(settings, lines.join("\n") + "\n");
  return { PATH: process.env.PATH, HOME: dir, TMPDIR: dir, CONTAINERS_CONF: settings };
}
