#!/usr/bin/env node
/**
 * Runs one of the project's TypeScript entries with the project's own Node and packages, which it installs first where
 * they are missing or older than the lock file: `npm start` and `npm test` work in a fresh clone.
 *
 * Plain JavaScript without dependencies, for whatever Node the machine has.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const modules = path.join(root, "node_modules");
const stampFile = path.join(modules, ".installed-lock");

function installPackages() {
  const lock = createHash("sha256")
    .update(readFileSync(path.join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === lock) return;
  const started = Date.now();
  console.log("packages: installing (npm ci), about half a minute");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root, stdio: "inherit" });
  if (npm.status !== 0) {
    console.error("packages: npm ci failed; its messages are above");
    process.exit(npm.status ?? 1);
  }
  writeFileSync(stampFile, lock);
  console.log(`packages: installed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

installPackages();

/** The project's own Node; the one that runs this where that cannot run, as its build for glibc on Alpine's musl. */
function chooseNode(bin) {
  const own = path.join(bin, "node");
  if (spawnSync(own, ["--version"]).status === 0) return { node: own, first: [bin] };
  const { engines } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const wanted = Number(/\d+/.exec(engines.node)[0]);
  if (Number(process.versions.node.split(".")[0]) >= wanted) {
    return { node: process.execPath, first: [path.dirname(process.execPath), bin] };
  }
  console.error(
    `the packages' Node does not run here, and this one is ${process.versions.node}; it needs ${engines.node}`,
  );
  process.exit(1);
}

const [entry, ...args] = process.argv.slice(2);
const { node, first } = chooseNode(path.join(modules, ".bin"));
const child = spawn(node, ["--import", "tsx", path.join(root, entry), ...args], {
  stdio: "inherit",
  env: { ...process.env, PATH: [...first, process.env.PATH ?? ""].join(path.delimiter) },
});

// Ctrl-C reaches the whole foreground group, so the child has it already and cleans up; this process only waits for it.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
process.on("SIGHUP", () => child.kill("SIGHUP"));
child.on("error", (error) => {
  console.error(`cannot run ${entry}: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  process.exit(signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 1));
});
