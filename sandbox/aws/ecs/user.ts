/** Whom a container runs as where its definition says so: "user", "user:group", each as a name or a number. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { ImageConfig } from "./container-spec";

/**
 * Looks names up in the image, as Docker does.
 * @throws Error whose message is ECS's where the image does not know one
 */
export function resolveUser(rootfs: string, text: string): ImageConfig["user"] {
  const [user = "", group] = text.split(":");
  const entry = lines(rootfs, "passwd").find(([name, , uid]) => name === user || uid === user);
  const groups = lines(rootfs, "group");
  const gidOf = (wanted: string) =>
    numeric(groups.find(([name, , gid]) => name === wanted || gid === wanted)?.[2]) ?? numeric(wanted);
  const uid = numeric(entry?.[2]) ?? numeric(user);
  if (uid === undefined) throw unknown("user", user, "passwd");
  const gid = group === undefined ? (numeric(entry?.[3]) ?? 0) : gidOf(group);
  if (gid === undefined) throw unknown("group", group, "group");
  // Those that list the user, unless a group is given.
  const more = groups.filter(([, , , members = ""]) => entry && members.split(",").includes(entry[0]!));
  return { uid, gid, additionalGids: group === undefined ? more.map(([, , id]) => Number(id)) : [] };
}

/** Format: passwd(5), group(5). */
function lines(rootfs: string, file: string): string[][] {
  try {
    return readFileSync(path.join(rootfs, "etc", file), "utf8")
      .split("\n")
      .map((line) => line.split(":"));
  } catch {
    // An image need not have one.
    return [];
  }
}

const numeric = (text: string | undefined) => (text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined);

const unknown = (what: string, name: string | undefined, file: string) =>
  new Error(`CannotStartContainerError: unable to find ${what} ${name}: no matching entries in ${file} file`);
