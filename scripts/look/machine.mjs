/** What the look reads of this machine. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { homedir, release } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The folders in which administrators' programs lie, on PATH or not. */
const systemFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"];

/** Whether a program is on PATH or where administrators' programs are. */
function hasProgram(name) {
  const folders = [...(process.env.PATH ?? "").split(path.delimiter).filter(Boolean), ...systemFolders];
  return folders.some((folder) => {
    try {
      fs.accessSync(path.join(folder, name), fs.constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A folder that will be made, or the nearest above it that is there. */
function existing(folder) {
  return fs.existsSync(folder) ? fs.realpathSync(folder) : existing(path.dirname(folder));
}

/** Format: proc(5), "/proc/pid/mountinfo". The last mount of a folder hides those before it. */
function mountOf(folder) {
  const mounts = fs.readFileSync("/proc/self/mountinfo", "utf8").trimEnd().split("\n");
  const found = mounts
    .map((line) => {
      const [before, after] = line.split(" - ");
      const [, , , , target, options] = before.split(" ");
      const [type, , superOptions] = after.split(" ");
      const place = target.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
      return { target: place, type, options: [...options.split(","), ...superOptions.split(",")] };
    })
    .filter(({ target }) => !path.relative(target, folder).startsWith(".."));
  return found.reduce((best, mount) => (mount.target.length >= best.target.length ? mount : best));
}

/** The file system that a folder lies on, or will. */
function fileSystemOf(folder) {
  const place = existing(folder);
  const { target, type, options } = mountOf(place);
  // Node has statfs since 18.15.
  const { bavail, bsize } = fs.statfsSync?.(place) ?? { bavail: Infinity, bsize: 1 };
  return { target, type, options, free: bavail * bsize };
}

/**
 * Starts a shell as the sandbox starts its first process, which mounts something where nobody else sees it: all of it is
 * gone at once. Resolves to what was said where that fails.
 */
function tryNamespaces() {
  const place = ["--mount", "--propagation", "slave", "--net", "--pid", "--fork", "--kill-child"];
  const script = "mount -t tmpfs tmpfs /tmp && mount -t proc proc /proc";
  const { status, stderr, error } = spawnSync("unshare", [...place, "sh", "-c", script], { encoding: "utf8" });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

export const thisMachine = () => ({
  platform: process.platform,
  architecture: process.arch,
  kernel: release(),
  userId: process.getuid?.() ?? -1,
  env: process.env,
  home: homedir(),
  project: fileURLToPath(new URL("../..", import.meta.url)),
  hasProgram,
  read(file) {
    try {
      return fs.readFileSync(file, "utf8");
    } catch {
      return "";
    }
  },
  exists: fs.existsSync,
  list: (folder) => (fs.existsSync(folder) ? fs.readdirSync(folder) : []),
  fileSystemOf,
  tryNamespaces,
});
