/** `go test` as a check: counts top-level tests and subtests; prints packages, and the output of what failed. */
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
