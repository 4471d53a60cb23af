/** The files of end-to-end tests, divided among sandboxes that run side by side. */
import { globSync } from "node:fs";
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";

/** Seconds that a file takes, roughly, beside three others on two cores, where it is more than half a minute. Only how well the shards balance depends on it. */
const lasting: Record<string, number> = {
  "test/e2e/01-lifecycle.test.ts": 370,
  "test/e2e/02-deploy.test.ts": 80,
  "test/e2e/02b-settings.test.ts": 140,
  "test/e2e/02c-plans.test.ts": 40,
  "test/e2e/02d-cache-in-parts.test.ts": 40,
  "test/e2e/02e-company-network.test.ts": 80,
  "test/e2e/03-pipelines.test.ts": 60,
  "test/e2e/05-faults.test.ts": 90,
  "test/e2e/05-killed.test.ts": 80,
  "test/e2e/05-slow.test.ts": 160,
  "test/e2e/06-cuts.test.ts": 100,
  "test/e2e/07-many-jobs.test.ts": 120,
  "test/e2e/08-cancel.test.ts": 100,
  "test/e2e/08-database.test.ts": 45,
  "test/e2e/08-driver-source.test.ts": 110,
  "test/e2e/08-host-keys.test.ts": 40,
  "test/e2e/08-host-lost.test.ts": 95,
  "test/e2e/08-image.test.ts": 95,
  "test/e2e/08-images.test.ts": 110,
  "test/e2e/08-merge-request.test.ts": 590,
  "test/e2e/08-newcomer.test.ts": 75,
  "test/e2e/08-observability.test.ts": 90,
  "test/e2e/08-permissions.test.ts": 320,
  "test/e2e/08-sandbox-commands.test.ts": 120,
  "test/e2e/08-scripts.test.ts": 60,
  "test/e2e/08-security-groups.test.ts": 60,
  "test/e2e/08-services.test.ts": 140,
  "test/e2e/08-thousand-runners.test.ts": 70,
  "test/e2e/09-deployers.test.ts": 105,
  "test/e2e/09-destroy.test.ts": 35,
  "test/e2e/09-destroy-protected.test.ts": 35,
  "test/e2e/10-host-gone.test.ts": 280,
  "test/sandbox/aws/containers.e2e.ts": 60,
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
