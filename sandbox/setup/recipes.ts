/** Where the recipes lie. */
import { readdirSync } from "node:fs";
import * as path from "node:path";

/** Path of a file beside the setup's code. */
export function recipe(...parts: string[]): string {
  return path.join(__dirname, ...parts);
}

/** All files under a folder, sorted; none when there is no such folder. */
export function filesUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
