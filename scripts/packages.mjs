/**
 * Which of the project's packages are installed, and installing them. npm's own record of what lies in node_modules,
 * which it writes last (.package-lock.json, the "hidden lockfile"), is compared with package-lock.json: whoever ran npm,
 * nothing is installed twice, and an install that broke off or is of another lock file is made anew.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { runToEnd } from "./child.mjs";

/**
 * What npm is to install. A deployment takes the root's `dependencies`. All the rest (tools, and what the workspaces
 * sandbox, test and bench need) is development's to npm, so that NODE_ENV=production means a deployment to it too; the
 * options say it whatever that variable is.
 */
const options = { deployment: "--omit=dev", all: "--include=dev" };

/** On Windows npm is a script for its shell; the program behind it says where it is to what it runs. */
function npmCommand({ npm_execpath: program = "" } = process.env) {
  return process.platform === "win32" && program.endsWith(".js") ? [process.execPath, program] : ["npm"];
}

const readPackages = (file) => (existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")).packages ?? {}) : undefined);

/** Not by the address that it came from, which may be a mirror's; a link has nothing but that. */
const same = (found, locked) =>
  locked !== undefined &&
  (found.link
    ? found.resolved === locked.resolved
    : found.version === locked.version && found.integrity === locked.integrity);

/**
 * The set that these packages make up: "all", "deployment", or undefined where some are missing, or are not the lock
 * file's. Links to the workspaces do not count: npm leaves them out with --workspaces=false, and nobody imports them.
 */
function installedSet(locked, installed, exists) {
  if (installed === undefined) return undefined;
  const workspaces = locked[""]?.workspaces ?? [];
  const packages = ([place]) => place.includes("node_modules/");
  const found = Object.entries(installed).filter(packages);
  if (!found.every(([place, entry]) => same(entry, locked[place]))) return undefined;
  const missing = Object.entries(locked).filter(
    ([place, { link, resolved, optional }]) =>
      packages([place]) &&
      !(place in installed && exists(place)) &&
      !optional &&
      !(link && workspaces.includes(resolved)),
  );
  if (missing.length === 0) return "all";
  return missing.every(([, { dev, devOptional }]) => dev || devOptional) ? "deployment" : undefined;
}

/**
 * Installs what is missing of a set; all where there was more than a deployment's, so that none gets less. Nothing where
 * `objection` has something to say against it. `before` comes before npm, which runs as `as` says (uid, gid, env).
 * Resolves to the exit code of an npm that failed, or 1.
 */
export async function ensurePackages(root, wanted, { objection = () => undefined, before = () => {}, as = {} } = {}) {
  const locked = readPackages(path.join(root, "package-lock.json"));
  const installed = readPackages(path.join(root, "node_modules", ".package-lock.json"));
  const set = installedSet(locked, installed, (place) => existsSync(path.join(root, place)));
  if (set === "all" || set === wanted) return undefined;
  const refused = objection();
  if (refused) {
    console.error(refused);
    return 1;
  }
  const more = Object.values(installed ?? {}).some(({ dev }) => dev);
  const option = options[more ? "all" : wanted];
  before();
  const started = Date.now();
  // The entry's own output may be read by a program (--json -).
  console.error(`packages: installing (npm ci ${option}), about half a minute`);
  const [npm, ...first] = npmCommand();
  const args = [...first, "ci", option, "--no-audit", "--no-fund", "--loglevel=error"];
  const exitCode = await runToEnd(npm, args, { cwd: root, stdio: ["inherit", 2, "inherit"], ...as }).catch((error) => {
    console.error(`packages: npm cannot be run: ${error.message}`);
    return 1;
  });
  if (exitCode !== 0) {
    console.error("packages: npm ci failed");
    return exitCode;
  }
  console.error(`packages: installed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  return undefined;
}
