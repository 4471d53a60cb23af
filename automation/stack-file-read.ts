/** Where a stack's file is, and its text. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { UserError } from "./errors";

/** Of "organization/project/stack" too. */
export const fileOf = (stack: string) => `Pulumi.${stack.split("/").at(-1)}.yaml`;

/** @throws UserError where there is none */
export function readStackFile(file: string, stack: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new UserError(`there is no ${path.basename(file)}, the file of stack ${stack}`);
  }
}
