/** Where the folders of this project are that a deployment reads. */
import * as path from "node:path";

/** Absolute, like all paths here. */
export const root = path.resolve(__dirname, "..");

export const folders = { image: path.join(root, "image"), driver: path.join(root, "driver") };

/**
 * A folder as the engine and its providers take it. Pulumi runs the program, the engine and the providers in the project's
 * folder: the path is relative to it, so that the state is the same wherever the project is checked out. A program that
 * runs elsewhere, as an inline program of the Automation API does, gets an absolute path, since the engine and it may have
 * different working directories.
 */
export function forEngine(folder: string, workingDirectory = process.cwd()): string {
  const relative = path.relative(workingDirectory, folder);
  const isBelow = relative.split(path.sep)[0] !== ".." && !path.isAbsolute(relative);
  return isBelow ? relative.split(path.sep).join("/") || "." : folder;
}
