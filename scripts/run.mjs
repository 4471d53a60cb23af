#!/usr/bin/env node
/**
 * Runs one of the project's TypeScript entries, or a tool of its packages, with the project's own Node and packages,
 * which it installs first where they are missing or other than the lock file's: `npm start` and `npm test` work in a
 * fresh clone.
 *
 *   node scripts/run.mjs [--deployment] ENTRY.ts|TOOL [ARGUMENT…]
 *
 * With --deployment, the packages that a deployment needs are enough, and so is the machine's Node where it is new
 * enough. Plain JavaScript without dependencies; this file is for any Node there is, those that it imports for Node 18.
 */
if (Number(process.versions.node.split(".")[0]) >= 18) {
  import("./entry.mjs");
} else {
  console.error(
    "It needs Node 18 or later to begin with, and this is " +
      process.versions.node +
      ". Install one from " +
      "https://nodejs.org, or as your distribution has it. The project's own comes with its packages.",
  );
  process.exitCode = 1;
}
