/** The pinned Go toolchain. */
import { existsSync } from "node:fs";
import * as path from "node:path";
import { query, type Run } from "./build-log";
import { versions } from "./versions";

/**
 * Environment of every Go command: the pinned toolchain, which the go command fetches from the module proxy when the
 * machine's own is another, and nothing of the machine's settings that would change the result.
 */
export const goEnvironment = {
  GOTOOLCHAIN: `go${versions.go}`,
  GOFLAGS: "-buildvcs=false",
  GOWORK: "off",
  CGO_ENABLED: "0",
  GOOS: "linux",
  GOARCH: "amd64",
  GOAMD64: "v1",
} as const;

/** Where installers put Go without setting PATH. */
const usualPlace = "/usr/local/go/bin/go";

/** The machine's go command; it only has to be able to fetch the pinned toolchain (1.21 or later). */
export function goCommand(): string {
  const directories = (process.env.PATH ?? "").split(path.delimiter);
  return directories.some((directory) => existsSync(path.join(directory, "go"))) ? "go" : usualPlace;
}

/**
 * Folder of the pinned distribution as the module proxy serves it, checked against the checksum database. Not the
 * machine's own installation, even of the same version: distributors change files of it.
 */
export async function goDistribution(run: Run, cwd: string): Promise<string> {
  const module = `golang.org/toolchain@v0.0.1-go${versions.go}.linux-amd64`;
  const answer = await run(goCommand(), ["mod", "download", "-json", module], { cwd, env: goEnvironment });
  const { Dir } = JSON.parse(answer) as { Dir?: string };
  if (!Dir) throw new Error(`go mod download ${module} named no folder: ${answer}`);
  return Dir;
}

/** The machine's module cache and where it is filled from. */
export async function moduleCache(): Promise<{ folder: string; proxy: string }> {
  const answer = await query(goCommand(), ["env", "-json", "GOMODCACHE", "GOPROXY"], goEnvironment);
  const { GOMODCACHE: folder, GOPROXY: proxy } = JSON.parse(answer) as { GOMODCACHE: string; GOPROXY: string };
  return { folder, proxy };
}

export interface GoBuild {
  /** The folder with go.mod and go.sum. */
  module: string;
  /** What to build: an import path or ".". */
  target: string;
  output: string;
  /** Variables to set, name to value. */
  variables?: Record<string, string>;
  /** As many as there are processors, where it is not given. */
  packagesAtATime?: number;
}

/**
 * Compiles a program, reproducibly: same sources, toolchain and options, same bytes, whatever the folder.
 * Runs at low priority, as builds take both processors for minutes.
 */
export async function goBuild(run: Run, build: GoBuild): Promise<void> {
  const { module, target, output, variables = {}, packagesAtATime } = build;
  const settings = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`);
  const ldflags = ["-s", "-w", ...settings].join(" ");
  const processes = packagesAtATime === undefined ? [] : ["-p", String(packagesAtATime)];
  const flags = ["-trimpath", "-mod=readonly", "-ldflags", ldflags, "-o", output];
  await run("nice", [goCommand(), "build", ...processes, ...flags, target], { cwd: module, env: goEnvironment });
}
