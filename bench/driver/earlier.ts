/** The driver of another revision, compiled as a host compiles the one that is checked out. */
import { existsSync } from "node:fs";
import * as path from "node:path";
import { execa } from "execa";
import type { TomlTable } from "smol-toml";
import { root } from "../../components/project";
import { cacheDir } from "../../sandbox/config";
import { UserError } from "../../sandbox/report";
import { ensure, folderOf, type Artifact } from "../../sandbox/setup/artifact";
import { goToolchain } from "../../sandbox/setup/artifacts/go-toolchain";
import { goBuild } from "../../sandbox/setup/go";
import type { BenchmarkOptions } from "../lib/benchmark";
import type { Bed } from "./bed";
import type { Deployed } from "./deployed";

const programs = ["fargate", "ci-agent"] as const;

/** Builds it, once for each commit; the modules that it needs come from where those of today come from. */
export async function prepareEarlier(revision: string, { signal, say }: Pick<BenchmarkOptions, "signal" | "say">) {
  const artifact = driverOf(await commitOf(revision));
  await ensure(artifact, {
    cache: cacheDir,
    signal,
    onProgress: ({ state }) => {
      if (state === "building") say(`building the driver of ${revision}`);
    },
  });
}

/**
 * Its programs, with the deployed fargate.toml as far as it knows the keys.
 *
 * @throws UserError where they are not built, which takes a way to the internet
 */
export async function earlierDriver(bed: Bed, revision: string, cache = cacheDir): Promise<Deployed> {
  const folder = folderOf(cache, driverOf(await commitOf(revision)));
  if (!existsSync(folder)) {
    throw new UserError(
      `--against: the driver of ${revision} is not built; run the bench without SANDBOX_NETWORK, and it builds it first`,
    );
  }
  const [driver, agent] = programs.map((program) => path.join(folder, program)) as [string, string];
  const fargateToml = structuredClone(bed.deployed.fargateToml);
  const earlier = { driver, agent, fargateToml };
  for (const key of await unknownKeys(bed, earlier)) remove(fargateToml, key.split("."));
  return earlier;
}

async function commitOf(revision: string): Promise<string> {
  const args = ["-C", root, "rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`];
  const { stdout, exitCode } = await execa("git", args, { reject: false });
  if (exitCode !== 0) throw new UserError(`--against: this clone has no revision '${revision}'`);
  return stdout;
}

const driverOf = (commit: string): Artifact => ({
  name: "bench-driver",
  inputs: [commit],
  needs: [goToolchain],
  async build({ dir, scratch, run }) {
    const archive = path.join(scratch, "driver.tar");
    await run("git", ["-C", root, "archive", "--output", archive, commit, "driver"]);
    await run("tar", ["-xf", archive, "-C", scratch]);
    const module = path.join(scratch, "driver");
    for (const program of programs) {
      await goBuild(run, { module, target: `./cmd/${program}`, output: path.join(dir, program) });
    }
  },
});

/** What the driver's call of `config` says that it does not know. */
async function unknownKeys({ newJob }: Bed, driver: Deployed): Promise<string[]> {
  const { program, args, env } = newJob({ driver }).config;
  const { stdout, stderr } = await execa(program, args, { env, extendEnv: false, reject: false });
  return [...`${stdout}\n${stderr}`.matchAll(/unknown key (\S+)/g)].map(([, key]) => key!);
}

function remove(table: TomlTable, [first, ...rest]: string[]): void {
  const within = table[first!];
  if (rest.length === 0) delete table[first!];
  else for (const each of Array.isArray(within) ? within : [within]) remove(each as TomlTable, rest);
}
