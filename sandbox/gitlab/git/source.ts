/** What a pipeline's commit consists of: a CI file alone, or the folder around a `.gitlab-ci.yml`. */
import { copyFile, cp, lstat, mkdir, readdir } from "node:fs/promises";
import * as path from "node:path";
import { git, tryGit } from "../command";
import { PipelineError } from "../errors";

/** In bytes. A folder that holds more was hardly meant to be a project. */
const maxSize = 64 * 1024 * 1024;
const skipped = new Set([".git", "node_modules"]);

/**
 * Fills `target` with the project's content. A file of another name than `.gitlab-ci.yml` is the whole content (under
 * that name); otherwise its folder is: what git knows or would add in a work tree, else all but .git and node_modules.
 */
export async function copySource(options: { ciFile: string; sourceDir?: string; target: string }): Promise<void> {
  const { target } = options;
  const ciFile = path.resolve(options.ciFile);
  const status = await lstat(ciFile).catch(() => undefined);
  if (!status) throw new PipelineError(`${ciFile}: no such file`);
  if (path.basename(ciFile) === ".gitlab-ci.yml") {
    const source = path.resolve(options.sourceDir ?? path.dirname(ciFile));
    const files = (await trackedFiles(source)) ?? (await allFiles(source));
    await copyAll(source, files, target);
  }
  await copyFile(ciFile, path.join(target, ".gitlab-ci.yml"));
}

async function trackedFiles(source: string): Promise<string[] | undefined> {
  const inside = await tryGit(["rev-parse", "--is-inside-work-tree"], { cwd: source });
  if (inside.exitCode !== 0 || inside.stdout.trim() !== "true") return undefined;
  const listed = await git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: source });
  return listed.split("\0").filter(Boolean);
}

async function allFiles(source: string, below = ""): Promise<string[]> {
  const entries = await readdir(path.join(source, below), { withFileTypes: true });
  const nested = entries.map((entry) => {
    const file = path.join(below, entry.name);
    if (skipped.has(entry.name)) return [];
    return entry.isDirectory() ? allFiles(source, file) : entry.isFile() || entry.isSymbolicLink() ? [file] : [];
  });
  return (await Promise.all(nested)).flat();
}

async function copyAll(source: string, files: string[], target: string): Promise<void> {
  let size = 0;
  const present: string[] = [];
  for (const file of files) {
    const status = await lstat(path.join(source, file)).catch(() => undefined);
    // Deleted in the work tree, or a submodule.
    if (!status || status.isDirectory()) continue;
    present.push(file);
    size += status.size;
    if (size > maxSize) {
      throw new PipelineError(
        `${source}: more than 64 MiB of files; a project for the sandbox must be smaller. ` +
          "A CI file with another name than .gitlab-ci.yml is run without the folder around it.",
      );
    }
  }
  for (const file of present) {
    await mkdir(path.dirname(path.join(target, file)), { recursive: true });
    await cp(path.join(source, file), path.join(target, file), { verbatimSymlinks: true, force: true });
  }
}
