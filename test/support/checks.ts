/** The checks that `npm test` is made of: each runs one tool or one test runner. They start in this order. */
import { availableParallelism, totalmem } from "node:os";
import * as path from "node:path";
import { execa } from "execa";
import { projectDir } from "../../sandbox/config";
import { prepare } from "../../sandbox/lifecycle";
import { prepareArtifacts, prepareAwsProvider } from "../../sandbox/setup";
import { withProgress } from "../../sandbox/steps";
import { bin, cacheFile, mocha, passes, silentTool, tool, type Check, type Output } from "./check";
import { goTestAnew, goTestCached } from "./go-test";
import { prepareForeignImages } from "./images";
import { endToEndFiles, shards } from "./shards";

const driverDir = path.join(projectDir, "driver");
const measuredDir = path.join(projectDir, "bench/driver/measured");

/** The unit tests of these folders of test/. The timeout only ends what hangs. */
const unit = (folders: string[], output: Output) =>
  mocha(["--timeout", "120000", ...folders.map((folder) => `test/${folder}/**/*.test.ts`)], output);

/** What did not change is not looked at again; the tools compare contents, versions and settings. */
const cache = (name: string) => ["--cache", "--cache-strategy", "content", "--cache-location", cacheFile(name)];

const types = (name: string, args: string[], output: Output) =>
  tool(
    bin("tsc"),
    ["--noEmit", "--incremental", "--tsBuildInfoFile", cacheFile(name), "--pretty", String(output.colors), ...args],
    output,
  );

/** Runs everywhere with Node and Go. */
const everywhere: Check[] = [
  { name: "unit: stand-ins", run: (output) => unit(["sandbox"], output) },
  { name: "unit: automation", run: (output) => unit(["automation", "bench", "support"], output) },
  { name: "unit: program", run: (output) => unit(["program"], output) },
  { name: "unit: image", run: (output) => unit(["image"], output) },
  {
    name: "types: sandbox and tests",
    run: (output) => types("types-sandbox.tsbuildinfo", ["-p", "sandbox"], output),
  },
  {
    name: "types: page",
    run: (output) => types("types-page.tsbuildinfo", ["-p", "sandbox/page/client"], output),
  },
  { name: "types: program", run: (output) => types("types-program.tsbuildinfo", ["--noCheck", "false"], output) },
  { name: "lint", run: (output) => tool(bin("eslint"), [...cache("eslint"), "."], output) },
  { name: "prose", run: (output) => tool(bin("tsx"), ["scripts/prose.ts"], output) },
  { name: "unused", run: (output) => tool(bin("knip"), ["--no-progress"], output) },
  {
    name: "format",
    run: (output) => tool(bin("prettier"), ["--check", "--log-level", "warn", ...cache("prettier"), "."], output),
  },
  { name: "gofmt", run: (output) => silentTool("gofmt", ["-l", "driver", "bench", "test"], output) },
  { name: "go vet", run: (output) => tool("go", ["vet", "./..."], output, driverDir) },
  { name: "go vet: bench", run: (output) => tool("go", ["vet", "./..."], output, measuredDir) },
  { name: "go vet: tests", run: (output) => tool("go", ["vet", "main.go"], output, path.join(__dirname, "execs")) },
  {
    name: "go vet: images",
    run: (output) => tool("go", ["vet", "./..."], output, path.join(__dirname, "images/greeter")),
  },
];

/**
 * End-to-end tests wait for most of their time, so that a core has room for two sandboxes. One with its hosts and jobs
 * takes some 2 GiB of memory, and as many as four have been seen beside one another.
 */
const shardCount = Math.max(1, Math.min(2 * availableParallelism(), Math.floor(totalmem() / (3 * 1024 ** 3)), 4));

/** Needs Linux x86-64, root and what the sandbox is made of, which the first of them installs or builds. */
const endToEnd: Check[] = [
  { name: "setup", run: ({ signal }) => passes(async () => void (await prepare(signal))) },
  {
    name: "plans",
    after: ["setup", "setup: aws provider"],
    // Apart, as engines start language hosts in process groups of their own, which outlive an engine that is killed.
    // What it takes is fetched before, for which there is no way from there.
    run: async (output) => {
      const { signal } = output;
      await prepareArtifacts({ onProgress: () => {}, signal });
      await prepareAwsProvider({ onProgress: () => {}, signal });
      return mocha(["test/plans/**/*.test.ts"], output, shardCount + 1);
    },
  },
  {
    name: "staticcheck",
    after: ["setup"],
    run: async (output) => tool((await linters(output)).staticcheck, ["./..."], output, driverDir),
  },
  {
    name: "shellcheck",
    after: ["setup"],
    run: async (output) => tool((await linters(output)).shellcheck, await shellFiles(), output),
  },
  {
    name: "hadolint",
    after: ["setup"],
    run: async (output) => tool((await linters(output)).hadolint, ["image/Dockerfile"], output),
  },
  ...shards(endToEndFiles(), shardCount).map((files, index): Check => ({
    name: `end to end ${index + 1}`,
    last: true,
    run: (output) => {
      const hooks = ["tsx/cjs", "test/support/hooks.ts"].flatMap((file) => ["--require", file]);
      return mocha([...hooks, ...files], output, index + 1);
    },
  })),
];

/** Takes minutes where it has to be built, with one processor. */
const awsProvider: Check = {
  name: "setup: aws provider",
  run: ({ signal }) =>
    passes(async () => void (await withProgress((onProgress) => prepareAwsProvider({ onProgress, signal })))),
};

/** Of Debian's packages: minutes where they have to be made. */
const foreignImages: Check = {
  name: "setup: images",
  run: ({ signal }) =>
    passes(async () => void (await withProgress((onProgress) => prepareForeignImages({ onProgress, signal })))),
};

// The longest first: it decides when all have ended.
export const unitChecks: Check[] = [{ name: "go test", run: goTestCached }, ...everywhere];
export const allChecks: Check[] = [
  { name: "go test", run: goTestAnew },
  awsProvider,
  foreignImages,
  ...everywhere,
  ...endToEnd,
];

const linters = async ({ signal }: Output) => (await prepareArtifacts({ onProgress: () => {}, signal })).linters;

/** Every tracked shell script: by name, or by its first line. */
async function shellFiles(): Promise<string[]> {
  const { stdout } = await execa("git", ["grep", "-lE", "^#!/(usr/)?bin/(env )?(ba)?sh"], { cwd: projectDir });
  return stdout.split("\n").filter((file) => file !== "" && !file.endsWith(".ts"));
}
