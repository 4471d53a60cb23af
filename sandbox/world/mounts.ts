/** The mounts of this process's mount namespace. */
import { readFileSync } from "node:fs";

export interface Mount {
  /** The path of the mounted folder inside its file system. */
  root: string;
  target: string;
  type: string;
  /** Super options, which for a cgroup v1 mount name its controllers. */
  options: string[];
}

/** Reads /proc/self/mountinfo, in mount order. */
export function readMounts(): Mount[] {
  return parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8"));
}

/** Format: proc(5), "/proc/pid/mountinfo". */
export function parseMountInfo(text: string): Mount[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const [, , , root = "", target = ""] = before.split(" ");
      const [type = "", , options = ""] = after.split(" ");
      return { root: unescape(root), target: unescape(target), type, options: options.split(",") };
    });
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
const unescape = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
