/** Prepares the artifacts named on the command line, or all: `tsx sandbox/setup/main.ts [NAME…]`. */
import { mkdir } from "node:fs/promises";
import { cacheDir } from "../config";
import type { Artifact } from "./artifact";
import { catalog } from "./catalog";
import { ensureAll } from "./schedule";

function withNeeds(artifact: Artifact): Artifact[] {
  return [...(artifact.needs ?? []).flatMap(withNeeds), artifact];
}

async function main(names: string[]): Promise<void> {
  const unknown = names.filter((name) => !catalog.some((artifact) => artifact.name === name));
  if (unknown.length > 0)
    throw new Error(`no artifact ${unknown.join(", ")}; there are ${catalog.map((a) => a.name).join(", ")}`);
  const wanted = new Set(catalog.filter(({ name }) => names.length === 0 || names.includes(name)).flatMap(withNeeds));
  const abort = new AbortController();
  process.once("SIGINT", () => abort.abort(new Error("interrupted")));
  await mkdir(cacheDir, { recursive: true });
  const folders = await ensureAll(
    catalog.filter((artifact) => wanted.has(artifact)),
    {
      cache: cacheDir,
      limit: 2,
      onProgress: ({ artifact, state, seconds }) =>
        console.log(`${artifact}: ${state}${seconds === undefined ? "" : ` in ${seconds.toFixed(1)} s`}`),
      signal: abort.signal,
    },
  );
  for (const [name, folder] of folders) console.log(`${name} ${folder}`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
