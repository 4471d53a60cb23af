import * as path from "node:path";

/** Runs the command that follows where a machine has no programs but those that docs/sandbox.md asks for. */
export const withFewPrograms = path.join(__dirname, "few-programs.sh");
