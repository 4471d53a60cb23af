/** `go test` as a check: counts top-level tests and subtests; prints packages, and the output of what failed. */
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";
import type { Counts, Output } from "./check";
import { runCommand, type Command } from "./command";

interface GoEvent {
  Action: string;
  /** Of what the compiler says, which comes with the action build-output and belongs to no package's tests. */
  ImportPath?: string;
  Package?: string;
  Test?: string;
  Output?: string;
}

/**
 * A flag that Go compares with that of an earlier run, whose results hold only for the same inputs.
 *
 * Go itself compares a package's sources and the files that its tests open in the module. Some tests compile programs of
 * other packages, or read documentation: of these it knows nothing. The pattern matches no test.
 */
const cachedWhileUnchanged = (): string[] => [`-skip=^inputs-${contentHash(["driver", "docs", "image"])}$`];

function contentHash(folders: string[]): string {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const names = readdirSync(path.join(projectDir, folder), { recursive: true, encoding: "utf8" }).sort();
    for (const name of names) {
      const file = path.join(projectDir, folder, name);
      if (!statSync(file).isFile()) continue;
      const content = readFileSync(file);
      hash.update(`${folder}/${name} ${content.length}\n`).update(content);
    }
  }
  return hash.digest("hex");
}

/** Every result is new. The tests also use programs of this machine, which no cache of results knows. */
export const goTestAnew = (output: Output): Promise<Counts> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "go-"));
  chmodSync(folder, 0o711); // for processes of other users, which tests of a job's own image start
  return goTest(["-race", "-count=1"], output, folder);
};

/** Takes the results of an earlier run for as long as all is as it was. */
export const goTestCached = (output: Output): Promise<Counts> => {
  // Go compares the environment as well, so the folder's name is the same each time, and short for the sake of sockets.
  const clone = createHash("sha256").update(projectDir).digest("hex").slice(0, 6);
  const folder = path.join(os.tmpdir(), `go-${clone}`);
  return goTest(cachedWhileUnchanged(), output, take(folder) ? folder : undefined);
};

/** Makes the folder this process's own. False: another run in this clone, which still lives, has it. */
export function take(folder: string): boolean {
  const owner = path.join(folder, "owner");
  try {
    mkdirSync(folder);
  } catch {
    if (lives(owner)) return false;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  }
  writeFileSync(owner, String(process.pid));
  return true;
}

function lives(owner: string): boolean {
  try {
    return process.kill(Number(readFileSync(owner, "utf8")), 0);
  } catch {
    return false;
  }
}

/** @param folder for temporary files, to be removed: Go's tests leave theirs when they are interrupted */
async function goTest(flags: string[], output: Output, folder?: string): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const outputs = new Map<string, string>();
  const onLine = (line: string) => {
    if (line.startsWith("{")) count(JSON.parse(line) as GoEvent, counts, outputs, output);
  };
  const args = ["test", ...flags, "-timeout=30m", "-json", "./..."];
  const command: Command = { file: "go", args, cwd: path.join(projectDir, "driver"), onLine };
  if (folder) command.env = { ...process.env, TMPDIR: folder };
  try {
    const { exitCode } = await runCommand(command, output.write);
    if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
    return counts;
  } finally {
    if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function count(event: GoEvent, counts: Counts, outputs: Map<string, string>, output: Output): void {
  if (event.Action === "build-output") output.write(event.Output ?? "");
  const key = `${event.Package} ${event.Test ?? ""}`;
  if (event.Output) outputs.set(key, (outputs.get(key) ?? "") + event.Output);
  if (event.Test) {
    if (event.Action === "pass") counts.passed++;
    if (event.Action === "skip") counts.skipped++;
    if (event.Action === "fail") counts.failed++;
  } else if (event.Action === "pass" || event.Action === "fail") output.write(`${event.Action} ${event.Package}\n`);
  if (event.Action === "fail") output.write(outputs.get(key) ?? "");
}
