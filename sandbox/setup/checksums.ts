/** The downloads' checksums, which the sandbox's stack demands: the builds must give the same bytes on every machine. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { recipe } from "./recipes";

export const checksumsFile = recipe("checksums.json");

interface Checksum {
  /** Of the file in the downloads folder. */
  path: string;
  /** Hexadecimal. */
  sha256: string;
}

/** SHA-256 of a file, hexadecimal. */
export async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/**
 * Compares the files in a downloads folder with the checksums on record.
 * @throws Error that names each file that differs, with both checksums
 */
export async function verifyChecksums(folder: string, record = checksumsFile): Promise<void> {
  const checksums = JSON.parse(await readFile(record, "utf8")) as Record<string, Checksum>;
  const differences: string[] = [];
  for (const [name, expected] of Object.entries(checksums)) {
    const actual = await sha256(path.join(folder, expected.path));
    if (actual !== expected.sha256) differences.push(`${name}: built ${actual}, on record is ${expected.sha256}`);
  }
  if (differences.length === 0) return;
  throw new Error(
    [
      "the built downloads differ from their checksums on record, and the runner host would refuse them:",
      ...differences.map((line) => `  ${line}`),
      "After a change of version or recipe, put the new ones into sandbox/setup/checksums.json and Pulumi.sandbox.yaml.",
    ].join("\n"),
  );
}
