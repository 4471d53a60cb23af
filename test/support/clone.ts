/** The project in another folder, as a clone of it: with stack files of its own, all else linked. */
import { copyFileSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";

/** Makes `folder`, and in it links to everything of the project, and copies of its stack files, which may be changed. */
export function linkProject(folder: string): void {
  mkdirSync(folder);
  for (const name of readdirSync(projectDir)) {
    const [from, to] = [path.join(projectDir, name), path.join(folder, name)];
    if (/^Pulumi\..+\.yaml$/.test(name)) copyFileSync(from, to);
    else if (name !== ".git" && name !== ".driver" && name !== ".image") symlinkSync(from, to);
  }
}
