/** `.dockerignore`: which files of a build context are left out. https://docs.docker.com/build/concepts/context/#dockerignore-files */
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";

/** Tells of a path, relative to the context and with forward slashes, whether it is left out. */
export type Ignore = (file: string) => boolean;

/** Goes by `<Dockerfile>.dockerignore` where there is one, else by the one at the context's root. */
export function readIgnore(context: string, dockerfile: string): Ignore {
  const file = [`${dockerfile}.dockerignore`, path.join(context, ".dockerignore")].find((name) => existsSync(name));
  return file ? parseIgnore(readFileSync(file, "utf8")) : () => false;
}

/** The last line that matches decides; one with "!" takes files in again. A match of a folder holds for what is in it. */
export function parseIgnore(text: string): Ignore {
  const rules = text
    .split(/\r?\n/)
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const again = line.startsWith("!");
      const pattern = path.posix.normalize((again ? line.slice(1) : line).trim()).replace(/^\/+|\/+$/g, "");
      return { again, matches: toExpression(pattern) };
    });
  return (file) => rules.reduce((ignored, { again, matches }) => (matches.test(file) ? !again : ignored), false);
}

/** Go's filepath.Match, and `**` for any number of folders. */
function toExpression(pattern: string): RegExp {
  let source = "";
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern[index];
    if (pattern.startsWith("**/", index)) {
      source += "(?:.*/)?";
      index += 2;
    } else if (pattern.startsWith("**", index)) {
      source += ".*";
      index += 1;
    } else if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (char === "[" && pattern.indexOf("]", index) > index) {
      const end = pattern.indexOf("]", index);
      source += pattern.slice(index, end + 1);
      index = end;
    } else if (char === "\\" && index + 1 < pattern.length) source += escape(pattern[++index]);
    else source += escape(char);
  }
  return new RegExp(`^${source}(?:/.*)?$`);
}

const escape = (char: string) => char.replace(/[.*+?^${}()|[\]\\/]/, "\\$&");
