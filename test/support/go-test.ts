/** `go test` as a check: counts top-level tests and subtests; prints packages, and the output of what failed. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";
import type { Counts, Output } from "./check";
import { runCommand } from "./command";

interface GoEvent {
  Action: string;
  Package?: string;
  Test?: string;
  Output?: string;
}

/**
 * Flags by which Go takes the result of an earlier run for one of today where all is as it was.
 *
 * Go itself compares a package's sources and the files that its tests open in the module. Some tests compile programs of
 * other packages, or read documentation: of these it knows nothing. The pattern matches no test and is part of what Go
 * compares.
 */
export const cachedWhileUnchanged = (): string[] => [`-skip=^inputs-${contentHash(["driver", "docs", "image"])}$`];

function contentHash(folders: string[]): string {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const names = readdirSync(path.join(projectDir, folder), { recursive: true, encoding: "utf8" }).sort();
    for (const name of names) {
      const file = path.join(projectDir, folder, name);
      if (!statSync(file).isFile()) continue;
      const content = readFileSync(file);
      hash.update(`${folder}/${name} ${content.length}\n`).update(content);
    }
  }
  return hash.digest("hex");
}

export async function goTest(flags: string[], output: Output): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const outputs = new Map<string, string>();
  const onLine = (line: string) => {
    if (line.startsWith("{")) count(JSON.parse(line) as GoEvent, counts, outputs, output);
  };
  const args = ["test", ...flags, "-timeout=30m", "-json", "./..."];
  const { exitCode } = await runCommand(
    { file: "go", args, cwd: path.join(projectDir, "driver"), onLine },
    output.write,
  );
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function count(event: GoEvent, counts: Counts, outputs: Map<string, string>, output: Output): void {
  const key = `${event.Package} ${event.Test ?? ""}`;
  if (event.Output) outputs.set(key, (outputs.get(key) ?? "") + event.Output);
  if (event.Test) {
    if (event.Action === "pass") counts.passed++;
    if (event.Action === "skip") counts.skipped++;
    if (event.Action === "fail") counts.failed++;
  } else if (event.Action === "pass" || event.Action === "fail") output.write(`${event.Action} ${event.Package}\n`);
  if (event.Action === "fail") output.write(outputs.get(key) ?? "");
}
