import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

/** Whether a file has a part in the built driver; tests have none. */
const isSource = (file: string): boolean => !file.endsWith("_test.go") && !file.split(path.sep).includes("testdata");

/** A hash of the names and contents of a Go module's sources: the same wherever and whenever it is checked out. */
export function sourceHash(folder: string): string {
  const files = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter(isSource)
    .sort();
  const hash = createHash("sha256");
  for (const file of files) {
    const content = fs.readFileSync(path.join(folder, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}
