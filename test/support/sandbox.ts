/** The sandbox as the end-to-end tests use it: through its command line, like a person does. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { execa, type Options } from "execa";
import { projectDir, stateDir } from "../../sandbox/config";
import { readStatus } from "../../sandbox/control/client";
import type { RunResult, Status } from "../../sandbox/control/protocol";
import { inspectWorld } from "../../sandbox/world";

export const cli = path.join(projectDir, "sandbox", "cli.ts");

export interface Outcome {
  exitCode: number;
  /** Standard output and error, in the order they came. */
  all: string;
  stdout: string;
}

/** Runs `npm run sandbox -- ARGS`; never throws. */
export async function sandbox(args: string[], options: Options = {}): Promise<Outcome> {
  const result = await execa(process.execPath, ["--import", "tsx", cli, ...args], {
    cwd: projectDir,
    reject: false,
    all: true,
    stdin: "ignore",
    ...options,
  });
  return { exitCode: result.exitCode ?? -1, all: String(result.all), stdout: String(result.stdout) };
}

/** Like sandbox(), and fails with the whole output where the exit code is not 0. */
export async function sandboxOk(args: string[]): Promise<Outcome> {
  const outcome = await sandbox(args);
  if (outcome.exitCode !== 0) throw new Error(`sandbox ${args.join(" ")}: exit ${outcome.exitCode}\n${outcome.all}`);
  return outcome;
}

export async function status(): Promise<Status & { up: boolean }> {
  return JSON.parse((await sandboxOk(["status", "--json"])).stdout);
}

/** A folder of the test's own. */
export function scratch(): { dir: string; file(name: string, text: string): string; remove(): void } {
  const dir = mkdtempSync(path.join(os.tmpdir(), "e2e-"));
  return {
    dir,
    file(name, text) {
      const file = path.join(dir, name);
      writeFileSync(file, text);
      return file;
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Runs a pipeline given as text and returns what `run --json` wrote, with the command's exit code. */
export async function runCi(text: string, group = "acme/backend"): Promise<RunResult & { exitCode: number }> {
  const folder = scratch();
  try {
    const file = folder.file("pipeline.yml", text);
    const out = path.join(folder.dir, "out.json");
    const { exitCode, all } = await sandbox(["run", file, "--group", group, "--json", out]);
    try {
      return { ...JSON.parse(readFileSync(out, "utf8")), exitCode };
    } catch {
      throw new Error(`the pipeline gave no result (exit ${exitCode})\n${all}`);
    }
  } finally {
    folder.remove();
  }
}

/** Runs a command on a host of the sandbox, the first one unless named, as root over SSH with the stack's key. */
export async function onHost(command: string, address?: string): Promise<string> {
  const { hosts } = await status();
  const folder = scratch();
  try {
    const { stdout: config } = await sandboxOk([
      "pulumi",
      "config",
      "get",
      "--path",
      "gitlab-fargate-runners:host.privateKey",
    ]);
    const key = path.join(folder.dir, "key");
    writeFileSync(key, config.trimEnd() + "\n", { mode: 0o600 });
    const { stdout } = await execa("ssh", [
      ...["-i", key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"],
      `admin@${address ?? hosts.find((host) => host.state === "running")!.address}`,
      `sudo sh -c '${command.replaceAll("'", `'\\''`)}'`,
    ]);
    return stdout;
  } finally {
    folder.remove();
  }
}

/** Runs the unit that the host's timer starts, to its end. */
export const reap = () => onHost("systemctl start gitlab-runner-reap.service");

/** Gives the host another fargate.toml. Returns what puts the earlier one back. */
export async function withFargateToml(change: (text: string) => string): Promise<() => Promise<unknown>> {
  const file = "/etc/gitlab-runner/fargate.toml";
  const earlier = await onHost(`cat ${file}`);
  // In place: owner and mode stay. The next call of the driver reads it.
  const write = (text: string) => onHost(`cat > ${file} <<"END"\n${text.trimEnd()}\nEND`);
  await write(change(earlier));
  return () => write(earlier);
}

/** For a test file whose tests need the sandbox up: the first such file brings it up, the others find it so. */
export function useSandbox(): void {
  before("bring the sandbox up", async () => {
    if (!(await readStatus())) await sandboxOk(["up"]);
  });
}

/** What there is of a sandbox on this machine: {processes, mounts, …}, all 0 when nothing is left. */
export async function leftovers(): Promise<Record<string, number>> {
  return { ...(await inspectWorld()), stateFolder: Number(existsSync(stateDir)) };
}

export const nothing = { processes: 0, mounts: 0, namespaces: 0, links: 0, cgroups: 0, stateFolder: 0 };
