/** The checks of the project: those that are independent side by side, all even when one fails. */
import { Command } from "commander";
import { cacheFile, type Check } from "./support/check";
import { allChecks, unitChecks } from "./support/checks";
import { signalAll } from "./support/command";
import { runChecks } from "./support/run-checks";

const program = new Command("npm test --")
  .description("Runs every check, or those whose name contains one of NAMES. The last line counts: N passed, N failed.")
  .argument("[names...]", `parts of names: ${allChecks.map(({ name }) => name).join(", ")}`)
  .option("--unit", "only what runs everywhere with Node and Go, quickly (npm run test:unit)")
  .action((names: string[], { unit }: { unit?: boolean }) => main(names, unit ? unitChecks : allChecks));

async function main(names: string[], all: Check[]): Promise<void> {
  const chosen = all.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
  if (chosen.length === 0) {
    program.error(`no check is called ${names.join(" or ")}; there are ${all.map(({ name }) => name).join(", ")}`);
  }
  // Each tool is a program of thousands of modules, which Node need not compile anew every time.
  process.env.NODE_COMPILE_CACHE ??= cacheFile("node");

  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (interrupted.signal.aborted) process.exit(130);
      interrupted.abort();
      console.log("\ninterrupted: ending what runs (again: at once)");
      signalAll(signal);
    });
  }
  const { passed, failed, skipped, failedChecks } = await runChecks(chosen, interrupted.signal);
  if (failedChecks.length > 0) console.log(`\nfailed: ${failedChecks.join(", ")}`);
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exitCode = interrupted.signal.aborted ? 130 : failed > 0 ? 1 : 0;
}

void program.parseAsync();
