/** The files of end-to-end tests, divided among sandboxes that run side by side. */
import { globSync } from "node:fs";
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";

/** Seconds that a file takes, roughly, where it is more than half a minute. Only how well the shards balance depends on it. */
const lasting: Record<string, number> = {
  "test/e2e/01-lifecycle.test.ts": 210,
  "test/e2e/02b-settings.test.ts": 70,
  "test/e2e/02d-cache-in-parts.test.ts": 40,
  "test/e2e/02e-company-network.test.ts": 100,
  "test/e2e/05-faults.test.ts": 40,
  "test/e2e/05-killed.test.ts": 50,
  "test/e2e/06-cuts.test.ts": 80,
  "test/e2e/07-many-jobs.test.ts": 85,
  "test/e2e/08-cancel.test.ts": 85,
  "test/e2e/08-driver-source.test.ts": 50,
  "test/e2e/08-host-lost.test.ts": 80,
  "test/e2e/08-merge-request.test.ts": 300,
  "test/e2e/08-observability.test.ts": 70,
  "test/e2e/08-permissions.test.ts": 150,
  "test/e2e/08-sandbox-commands.test.ts": 100,
  "test/e2e/08-scripts.test.ts": 70,
  "test/e2e/08-thousand-runners.test.ts": 70,
  "test/e2e/10-host-gone.test.ts": 230,
};

/** All of them, in the order of their names. */
export const endToEndFiles = (): string[] =>
  globSync(["test/**/*.e2e.ts", "test/e2e/**/*.test.ts"], { cwd: projectDir }).map(posix).sort();

const posix = (file: string) => file.split(path.sep).join("/");

/** The longest files first, each to the shard that has least. Each shard keeps the order in which the files were given. */
export function shards(files: string[], count: number, seconds = lasting): string[][] {
  const lasts = (file: string) => seconds[file] ?? 15;
  const all = Array.from({ length: count }, () => ({ files: [] as string[], sum: 0 }));
  for (const file of [...files].sort((a, b) => lasts(b) - lasts(a))) {
    const least = all.reduce((one, other) => (other.sum < one.sum ? other : one));
    least.files.push(file);
    least.sum += lasts(file);
  }
  return all.map((shard) => files.filter((file) => shard.files.includes(file)));
}
