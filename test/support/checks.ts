/** The checks that `npm test` is made of: each runs one tool or one test runner and counts what passed. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { projectDir } from "../../sandbox/config";
import { prepare } from "../../sandbox/lifecycle";
import { prepareArtifacts } from "../../sandbox/setup";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export interface Check {
  name: string;
  run: () => Promise<Counts>;
}

const driverDir = path.join(projectDir, "driver");
const bin = (name: string) => path.join(projectDir, "node_modules", ".bin", name);

/** Runs everywhere with Node and Go. */
export const checks: Check[] = [
  { name: "format", run: () => command(bin("prettier"), ["--check", "--log-level", "warn", "."]) },
  { name: "gofmt", run: async () => noOutput(await output("gofmt", ["-l", "driver", "bench"]), "not formatted:") },
  { name: "lint", run: () => command(bin("eslint"), ["."]) },
  { name: "unused", run: () => command(bin("knip"), ["--no-progress"]) },
  { name: "types: program", run: () => command(bin("tsc"), ["--noEmit", "--noCheck", "false"]) },
  { name: "types: sandbox and tests", run: () => command(bin("tsc"), ["--noEmit", "-p", "sandbox"]) },
  {
    name: "unit",
    run: () => mocha(["program", "image", "sandbox", "bench", "automation"].map((part) => `test/${part}/**/*.test.ts`)),
  },
  { name: "go vet", run: () => command("go", ["vet", "./..."], driverDir) },
  { name: "go vet: bench", run: () => command("go", ["vet", "./..."], path.join(projectDir, "bench/driver/measured")) },
  { name: "go test", run: goTest },
];

/** Needs Linux x86-64, root and what the sandbox is made of, which the first of them installs or builds. */
export const endToEndChecks: Check[] = [
  { name: "setup", run: () => passes(prepare) },
  { name: "staticcheck", run: async () => command((await linters()).staticcheck, ["./..."], driverDir) },
  { name: "shellcheck", run: async () => command((await linters()).shellcheck, await shellFiles()) },
  { name: "hadolint", run: async () => command((await linters()).hadolint, ["image/Dockerfile"]) },
  {
    name: "end to end",
    run: () =>
      mocha([
        "--require",
        "tsx/cjs",
        "--require",
        "test/support/hooks.ts",
        "test/**/*.e2e.ts",
        "test/e2e/**/*.test.ts",
      ]),
  },
];

const linters = async () => (await prepareArtifacts({ onProgress: () => {} })).linters;

/** Every tracked shell script: by name, or by its first line. */
async function shellFiles(): Promise<string[]> {
  const { stdout } = await execa("git", ["grep", "-lE", "^#!/(usr/)?bin/(env )?(ba)?sh"], { cwd: projectDir });
  return stdout.split("\n").filter((file) => file !== "" && !file.endsWith(".ts"));
}

async function passes(work: () => Promise<void>): Promise<Counts> {
  await work();
  return { passed: 1, failed: 0, skipped: 0 };
}

/** One tool is one check: it passes with exit code 0. */
async function command(file: string, args: string[], cwd = projectDir): Promise<Counts> {
  const { exitCode } = await execa(file, args, { cwd, stdio: "inherit", reject: false });
  if (exitCode === undefined) console.error(`${file} could not be run`);
  return { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
}

async function output(file: string, args: string[]): Promise<string> {
  return (await execa(file, args, { cwd: projectDir })).stdout;
}

function noOutput(text: string, complaint: string): Counts {
  if (text !== "") console.error(`${complaint}\n${text}`);
  return { passed: text === "" ? 1 : 0, failed: text === "" ? 0 : 1, skipped: 0 };
}

async function mocha(args: string[]): Promise<Counts> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "mocha-"));
  const counts = path.join(folder, "counts.json");
  try {
    const { exitCode } = await execa(
      bin("mocha"),
      ["--reporter", path.join(__dirname, "reporter.cjs"), "--exit", ...args],
      { cwd: projectDir, stdio: "inherit", reject: false, env: { MOCHA_COUNTS_FILE: counts } },
    );
    const result = JSON.parse(readFileSync(counts, "utf8")) as Counts;
    // A run that broke outside a test (a file that does not load, a hook) is a failure too.
    if (exitCode !== 0 && result.failed === 0) result.failed = 1;
    if (result.passed + result.failed === 0) throw new Error(`no test ran for ${args.join(" ")}`);
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface GoEvent {
  Action: string;
  Package?: string;
  Test?: string;
  Output?: string;
}

/** Counts top-level tests and subtests; prints packages, and the output of what failed. */
async function goTest(): Promise<Counts> {
  const run = execa(
    "go",
    [
      "test",
      "-race",
      // Tests compile and run programs of other packages, of which the cache of results knows nothing.
      "-count=1",
      "-timeout=30m",
      "-json",
      "./...",
    ],
    {
      cwd: driverDir,
      reject: false,
      stderr: "inherit",
    },
  );
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const outputs = new Map<string, string>();
  for await (const line of createInterface({ input: run.stdout! })) {
    if (!line.startsWith("{")) continue;
    const event = JSON.parse(line) as GoEvent;
    const key = `${event.Package} ${event.Test ?? ""}`;
    if (event.Output) outputs.set(key, (outputs.get(key) ?? "") + event.Output);
    if (event.Test) {
      if (event.Action === "pass") counts.passed++;
      if (event.Action === "skip") counts.skipped++;
      if (event.Action === "fail") counts.failed++;
    } else if (event.Action === "pass" || event.Action === "fail") console.log(`${event.Action} ${event.Package}`);
    if (event.Action === "fail") console.log(outputs.get(key) ?? "");
  }
  const { exitCode } = await run;
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}
