/** Packages from PyPI, exact versions with checksums, in virtual environments. */
import * as path from "node:path";
import type { Run } from "./build-log";

/** Of the artifact `tools`; the environments that are made with it run there. */
const python = "/usr/bin/python3";

/** Makes a virtual environment; resolves to its interpreter. */
export async function createEnvironment(run: Run, folder: string): Promise<string> {
  await run(python, ["-m", "venv", folder]);
  return path.join(folder, "bin", "python");
}

/** Installs a requirements file in which every package has its version and checksums. */
export async function installRequirements(run: Run, interpreter: string, requirements: string): Promise<void> {
  await run(interpreter, ["-m", "pip", "install", "--no-deps", "--no-input", ...verified(requirements)]);
}

/** Downloads what a requirements file names, without installing it. */
export async function downloadRequirements(
  run: Run,
  interpreter: string,
  requirements: string,
  folder: string,
): Promise<void> {
  await run(interpreter, ["-m", "pip", "download", "--no-deps", "--no-input", "-d", folder, ...verified(requirements)]);
}

function verified(requirements: string): string[] {
  return ["--disable-pip-version-check", "--require-hashes", "-r", requirements];
}
