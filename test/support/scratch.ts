/** A folder of a test's own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

export interface Scratch {
  dir: string;
  /** Writes a file into it and returns its path. */
  file(name: string, text: string, options?: { mode: number }): string;
  remove(): void;
}

/** Those that are there. A describe() makes its folder even where none of its tests is run, and so nobody removes it. */
const open = new Set<string>();
process.once("exit", () => open.forEach(remove));
// A process that a signal ends comes to no exit of its own.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));

function remove(dir: string): void {
  open.delete(dir);
  // Engines and servers that the same signal ends may still write.
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}

export function scratch(): Scratch {
  const dir = mkdtempSync(path.join(os.tmpdir(), "e2e-"));
  open.add(dir);
  return {
    dir,
    file(name, text, options) {
      const file = path.join(dir, name);
      writeFileSync(file, text, options);
      return file;
    },
    remove: () => remove(dir),
  };
}
