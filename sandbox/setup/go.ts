/** The pinned Go toolchain. */
import * as path from "node:path";
import { cacheDir } from "../config";
import { folderOf } from "./artifact";
import { goRoot, goToolchain, userSettings } from "./artifacts/go-toolchain";
import type { Run } from "./build-log";
import { versions } from "./versions";

/** Its folder, where it has been fetched. Static programs, which run on any machine. */
export const goDistribution = path.join(folderOf(cacheDir, goToolchain), goRoot);

export const goCommand = path.join(goDistribution, "bin", "go");

const user = userSettings();

/**
 * Environment of every Go command: nothing of the machine's settings that would change the result, and no files in the
 * user's home but in caches.
 */
export const goEnvironment = {
  GOENV: user.file,
  // Go keeps its own counts there.
  XDG_CONFIG_HOME: path.join(cacheDir, "config"),
  GOPATH: path.join(cacheDir, "go"),
  GOMODCACHE: path.join(cacheDir, "go", "pkg", "mod"),
  // What the user's go command has fetched doesn't come over the network again.
  GOPROXY: [user.download, user.proxy].join(","),
  GOROOT: goDistribution,
  GOTOOLCHAIN: `go${versions.go}`,
  GOFLAGS: "-buildvcs=false",
  GOWORK: "off",
  CGO_ENABLED: "0",
  GOOS: "linux",
  GOARCH: "amd64",
  GOAMD64: "v1",
} as const;

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
  await run("nice", [goCommand, "build", ...processes, ...flags, target], { cwd: module, env: goEnvironment });
}
