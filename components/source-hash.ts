import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

/**
 * A hash of the names and contents of a folder's files, such as a Go module's sources: the same wherever and whenever
 * it is checked out. Tests and modules within the folder have no part in what is built, and none in the hash.
 */
export function sourceHash(folder: string): string {
  const files = filesOf(folder);
  const modules = files.filter((file) => path.basename(file) === "go.mod" && file !== "go.mod").map(path.dirname);
  const isSource = (file: string): boolean =>
    !file.endsWith("_test.go") &&
    !file.split(path.sep).includes("testdata") &&
    !modules.some((module) => file.startsWith(module + path.sep));
  const hash = createHash("sha256");
  for (const file of files.filter(isSource)) {
    const content = fs.readFileSync(path.join(folder, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

/** Relative to the folder, in a fixed order. */
export function filesOf(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}
