/**
 * Whose files are whose. The root who runs a sandbox is mostly a person, by sudo, in a clone of that person's: what lies
 * there stays the person's, and nothing of root's gets into the person's other folders.
 */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";

const ownerOf = (place) => (existsSync(place) ? statSync(place).uid : ownerOf(path.dirname(place)));

/** Who owns the clone, or has called sudo. None where nobody but root is, or has an account here. */
export function personBehindRoot(clone, env = process.env) {
  if (process.getuid?.() !== 0) return undefined;
  const owner = ownerOf(clone);
  const uid = owner || Number(env.SUDO_UID ?? 0);
  const account = uid === 0 ? "" : spawnSync("getent", ["passwd", String(uid)], { encoding: "utf8" }).stdout;
  // Format: passwd(5).
  const [name, , , group, , home] = (account ?? "").trim().split(":");
  if (!home) return undefined;
  return { uid, gid: Number(group), name, home, ownsClone: owner === uid };
}

/** Variables that name a folder for a program's files, among them npm's own, which it hands to what it runs. */
const folders = /^(HOME|TMPDIR|XDG_\w+|GO(PATH|CACHE|MODCACHE|ENV|TMPDIR)|npm_config_(cache|userconfig|prefix))$/;

/** Changes root's environment: what names a folder of the person's does so no more, and root's home is root's. */
export function useRootsFolders(person, env = process.env) {
  for (const name of Object.keys(env).filter((one) => folders.test(one))) {
    if (path.isAbsolute(env[name]) && ownerOf(env[name]) === person.uid) delete env[name];
  }
  env.HOME ??= userInfo().homedir;
}

/** How a program runs as the person: with that person's home, and npm's settings in it. */
export function asPerson({ uid, gid, name, home }, env = process.env) {
  const own = Object.entries(env).filter(([variable]) => !folders.test(variable));
  return { uid, gid, env: { ...Object.fromEntries(own), HOME: home, USER: name, LOGNAME: name } };
}

/** Gives the person what is root's in the clone, and in the folder where npm keeps its log of this very run. */
export function giveBack({ uid, gid, home, ownsClone }, clone) {
  const places = [...(ownsClone ? [clone] : []), path.join(home, ".npm")].filter((place) => existsSync(place));
  const change = ["-exec", "chown", "-h", `${uid}:${gid}`, "{}", "+"];
  for (const place of places) spawnSync("find", [place, "-xdev", "-user", "0", ...change]);
}
