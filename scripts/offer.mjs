/** What a machine can show of the project on which the sandbox cannot run. */
import { createInterface } from "node:readline";

export const offer = (platform) => {
  const where = platform === "win32" ? ", in WSL" : "";
  return [
    "What runs here:",
    "  npm run preview:mocks   the report that a merge request would get for the stack dev: made on mocks, in seconds",
    `  npm run test:unit       the unit tests, with Node and Go${where}`,
  ].join("\n");
};

/** Asks on a terminal whether to show the report now; elsewhere nobody is there to answer. */
export async function wantsReport({ input = process.stdin, output = process.stdout, env = process.env } = {}) {
  if (!input.isTTY || !output.isTTY || env.CI === "true") return false;
  const terminal = createInterface({ input, output });
  const answer = await new Promise((resolve) => {
    // Ctrl-C and the end of the input are no answer.
    terminal.on("close", () => resolve("no"));
    terminal.question("Show that report now? [Y/n] ", resolve);
  });
  terminal.close();
  return /^(y(es)?)?$/i.test(answer.trim());
}
