/** What scripts/run.mjs runs on a Node that is not too old for it. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runToEnd } from "./child.mjs";
import { isPossible, refusal, refusedExitCode, whatIsMissing } from "./look.mjs";
import { wantsReport } from "./offer.mjs";
import { ensurePackages } from "./packages.mjs";
import { asPerson, giveBack, personBehindRoot, useRootsFolders } from "./person.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const bin = path.join(root, "node_modules", ".bin");
const { engines } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));

/** Whether the Node that runs this is new enough for the project. */
const machineNodeWillDo = (() => {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [wantedMajor, wantedMinor = 0] = engines.node.match(/\d+/g).map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
})();

/** The project's own Node; the one that runs this where that cannot run, as its build for glibc on Alpine's musl. */
function chooseNode() {
  // On Windows, npm's links are scripts for its shells.
  const own = process.platform === "win32" ? path.join(root, "node_modules/node/bin/node.exe") : path.join(bin, "node");
  if (spawnSync(own, ["--version"]).status === 0) return { node: own, first: [bin] };
  if (machineNodeWillDo) return { node: process.execPath, first: [path.dirname(process.execPath), bin] };
  console.error(
    `the packages' Node does not run here, and this one is ${process.versions.node}; it needs ${engines.node}`,
  );
  process.exit(1);
}

const given = process.argv.slice(2);
const deployment = given[0] === "--deployment";
const [entry, ...args] = deployment ? given.slice(1) : given;
const isSandbox = entry === "sandbox/cli.ts";

const person = personBehindRoot(root);
// Real deployments are the person's in any case: with the credentials and the backend that lie in that home.
if (person && !(deployment && !args.some((word) => /^(--stack=)?sandbox$/.test(word)))) useRootsFolders(person);
const installing = {
  before: () => person && giveBack(person, root),
  as: person?.ownsClone ? asPerson(person) : {},
};

/** Runs an entry or a tool to its end, with what is installed. */
async function run(entry, args = []) {
  const { node, first } = chooseNode();
  const command = /\.[jt]s$/.test(entry) ? ["--import", "tsx", path.join(root, entry)] : [path.join(bin, entry)];
  const env = { ...process.env, PATH: [...first, process.env.PATH ?? ""].join(path.delimiter) };
  return runToEnd(node, [...command, ...args], { stdio: "inherit", env }).catch((error) => {
    console.error(`cannot run ${entry}: ${error.message}`);
    return 1;
  });
}

let refused = false;
/** A machine on which the sandbox cannot run is not given its packages. */
function objection() {
  const missing = isSandbox ? whatIsMissing() : [];
  refused = missing.length > 0;
  return refused ? refusal(missing) : undefined;
}

async function main() {
  // Where there is no such sandbox at all, its own commands do not even load.
  const impossible = isSandbox && !isPossible() ? objection() : undefined;
  if (impossible) {
    console.error(impossible);
    return 1;
  }
  // The project's own Node is a development package: a deployment from a machine with an older one needs it.
  const failed = await ensurePackages(root, deployment && machineNodeWillDo ? "deployment" : "all", {
    ...installing,
    objection,
  });
  if (failed) return failed;
  const exitCode = await run(entry, args);
  // Refused by its own look, which comes after that for another sandbox. Other commands pass on a program's code.
  refused = isSandbox && ["start", "up"].includes(args[0]) && exitCode === refusedExitCode;
  return refused ? 1 : exitCode;
}

let exitCode = await main();
if (refused && args[0] === "start" && (await wantsReport())) {
  exitCode = (await ensurePackages(root, "all", installing)) ?? (await run("test/preview-mocks.ts"));
}
if (person) giveBack(person, root);
process.exitCode = exitCode;
