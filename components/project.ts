/** Where the folders of this project are that a deployment reads. */
import * as path from "node:path";

/** Absolute, like all paths here. */
export const root = path.resolve(__dirname, "..");

export const folders = {
  image: path.join(root, "image"),
  driver: path.join(root, "driver"),
  /** Made by each deployment from image/; it may be deleted at any time. */
  buildContext: path.join(root, ".image"),
};

/**
 * A folder of this project as the engine and its providers take it. Pulumi runs program, engine and providers in the
 * project's folder: the path is relative to it, so that the state is the same wherever the project is checked out. A
 * program that runs elsewhere, like an inline program of the Automation API, gets an absolute path, since the engine
 * may run in yet another folder.
 */
export function forEngine(folder: string, workingDirectory = process.cwd()): string {
  if (path.relative(workingDirectory, root) !== "") return folder;
  return path.relative(root, folder).split(path.sep).join("/") || ".";
}
