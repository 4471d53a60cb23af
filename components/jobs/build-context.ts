/** The folder that the job image is built from: a copy of image/, with file modes that are the same everywhere. */
import * as fs from "node:fs";
import * as path from "node:path";
import { folders } from "../project";
import { filesOf } from "../source-hash";

/**
 * Docker's provider takes each file's mode into the hash by which it sees that an image changed, and a checkout under
 * another umask (GitLab's Docker executor checks out with 0000) has other modes. Git keeps one thing of a mode, namely
 * whether the file can be executed, and so does the copy. The copy stands at the same place in every checkout, because
 * the provider takes another path for a change too.
 *
 * @returns the copy's folder, brought up to date file by file, so that deployments that start together do not disturb
 * each other
 */
export function buildContext(source = folders.image, copy = folders.buildContext): string {
  const files = filesOf(source);
  for (const file of files) copyFile(path.join(source, file), path.join(copy, file));
  for (const file of filesOf(copy)) {
    if (!files.includes(file) && !file.endsWith(unfinished)) fs.rmSync(path.join(copy, file), { force: true });
  }
  return copy;
}

/** Ends the name of a file that a deployment is writing. */
const unfinished = ".unfinished";

function copyFile(source: string, copy: string): void {
  const content = fs.readFileSync(source);
  const mode = fs.statSync(source).mode & 0o100 ? 0o755 : 0o644;
  const there = fs.statSync(copy, { throwIfNoEntry: false });
  if (there && (there.mode & 0o777) === mode && fs.readFileSync(copy).equals(content)) return;
  const folder = path.dirname(copy);
  fs.mkdirSync(folder, { recursive: true });
  // COPY of a whole folder keeps the folder's mode.
  fs.chmodSync(folder, 0o755);
  const scratch = `${copy}.${process.pid}${unfinished}`;
  fs.writeFileSync(scratch, content);
  // The mode that is given to writeFileSync would be cut by the umask.
  fs.chmodSync(scratch, mode);
  fs.renameSync(scratch, copy);
}
