/**
 * The entry of `npm run preview`, `deploy`, `destroy`, `add-group` and `remove-group`, and those for projects and runners:
 * the commands of automation/, which know of no sandbox. For the sandbox's stack it runs in the sandbox, with the environment of its engine. Whoever names a
 * backend keeps that, as a job does that deploys the sandbox's stack.
 */
import { parseArgs } from "node:util";
import { stackName } from "../sandbox/config";

async function main(): Promise<void> {
  const { stack } = parseArgs({ options: { stack: { type: "string" } }, strict: false }).values;
  if (stack === stackName && !process.env.PULUMI_BACKEND_URL) {
    // Loaded here: an installation for deployments has no packages of the sandbox.
    const { runAgainInside } = await import("../sandbox/inside");
    process.exitCode = await runAgainInside();
    return;
  }
  await import("../automation/cli");
}

main().catch((error: Error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
