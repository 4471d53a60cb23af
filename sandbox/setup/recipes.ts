/** Where the recipes lie. */
import * as path from "node:path";

/** Path of a file beside the setup's code. */
export function recipe(...parts: string[]): string {
  return path.join(__dirname, ...parts);
}
