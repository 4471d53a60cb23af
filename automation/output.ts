/** What the commands say: results go to standard output or files, all else to standard error. */
import { writeFileSync } from "node:fs";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { createProgress, type Mode } from "./progress";

export const tell = (line: string): void => console.error(line);

/** @param file "-": standard output */
export function write(file: string, text: string): void {
  if (file === "-") process.stdout.write(text);
  else writeFileSync(file, text);
}

export function showing(mode: Mode): (event: EngineEvent) => void {
  const progress = createProgress(mode);
  return (event) => {
    const line = progress(event);
    if (line !== undefined) tell(line);
  };
}
