/** What the commands say: results go to standard output or files, all else to standard error. */
import { accessSync, constants, existsSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { createProgress, type Mode } from "./progress";

export const tell = (line: string): void => console.error(line);

/** @param file "-": standard output */
export function write(file: string, text: string): void {
  if (file === "-") process.stdout.write(text);
  else writeFileSync(file, text);
}

/** Why {@link write} would fail; undefined: it would not. */
export function unwritable(file: string): string | undefined {
  if (file === "-") return undefined;
  const folder = path.dirname(path.resolve(file));
  if (!existsSync(folder)) return `there is no folder ${folder}`;
  if (existsSync(file) && statSync(file).isDirectory()) return "it is a folder";
  try {
    accessSync(existsSync(file) ? file : folder, constants.W_OK);
    return undefined;
  } catch {
    return "it cannot be written";
  }
}

export function showing(mode: Mode): (event: EngineEvent) => void {
  const progress = createProgress(mode);
  return (event) => {
    const line = progress(event);
    if (line !== undefined) tell(line);
  };
}
