/** The hash by which a changed build context is noticed before anything is built. */
import { createHash, type Hash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { readIgnore, type Ignore } from "./ignore";

/**
 * Over the Dockerfile's content and the content, path and mode of every file of the context that is not ignored. A link
 * counts with what it points to, a folder that is linked to does not count. The rules are the real provider's, the value
 * is not: both are compared with their own earlier values only.
 */
export async function hashContext(context: string, dockerfile: string): Promise<string> {
  const hash = createHash("sha256");
  // Apart from the context, because .dockerignore may leave it out; without its name, which does not matter.
  if (existsSync(dockerfile)) hash.update(await fs.readFile(dockerfile));
  if (existsSync(context) && statSync(context).isDirectory()) {
    await hashFolder(hash, context, "", readIgnore(context, dockerfile));
  }
  return hash.digest("hex");
}

async function hashFolder(hash: Hash, root: string, folder: string, ignored: Ignore): Promise<void> {
  const entries = await fs.readdir(path.join(root, folder), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.posix.join(folder, entry.name);
    // An ignored folder is entered all the same: a line with "!" may take back a part of it.
    if (entry.isDirectory()) await hashFolder(hash, root, file, ignored);
    else if ((entry.isFile() || entry.isSymbolicLink()) && !ignored(file)) await hashFile(hash, root, file);
  }
}

async function hashFile(hash: Hash, root: string, file: string): Promise<void> {
  const location = path.join(root, file);
  const link = await fs.lstat(location);
  const target = await fs.stat(location).catch((cause: Error) => {
    throw new Error(`could not open "${file}"`, { cause });
  });
  if (target.isDirectory()) return;
  const content = await fs.readFile(location);
  // Lengths keep a file's end apart from the next one's beginning.
  hash
    .update(`${content.length}:`)
    .update(content)
    .update(`${file}\0${link.mode.toString(8)}\0`);
}
