/**
 * Prepares the artifacts named on the command line, or all: `tsx sandbox/setup/main.ts [NAME…]`. With `--tools`, those alone
 * that all else is built with, and says where the programs are.
 */
import { cacheDir } from "../config";
import type { Artifact, ProgressEvent } from "./artifact";
import { catalog } from "./catalog";
import { prepareTools } from "./index";
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
  const options = { onProgress, signal: abort.signal };
  const tools = await prepareTools(options);
  const chosen = catalog.filter((artifact) => wanted.has(artifact));
  const folders = await ensureAll(chosen, { cache: cacheDir, limit: 2, ...options, tools });
  for (const [name, folder] of folders) console.log(`${name} ${folder}`);
}

function onProgress({ artifact, state, seconds }: ProgressEvent): void {
  console.error(`${artifact}: ${state}${seconds === undefined ? "" : ` in ${seconds.toFixed(1)} s`}`);
}

const [first, ...others] = process.argv.slice(2);
const done =
  first === "--tools"
    ? prepareTools({ onProgress: () => {} }).then((tools) => console.log(tools))
    : main([...(first === undefined ? [] : [first]), ...others]);

done.catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
