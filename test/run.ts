/**
 * Every check of the project, one after the other; all run even when one fails. The last line counts them.
 *
 *   npm test              everything, the end-to-end tests on the sandbox included (Linux x86-64, root)
 *   npm run test:unit     what runs everywhere
 *   npm test -- NAME…     only the checks whose name contains one of NAMEs
 */
import { checks, endToEndChecks, type Counts } from "./support/checks";

async function main(): Promise<void> {
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
  const unitOnly = process.argv.includes("--unit");
  const all = unitOnly ? checks : [...checks, ...endToEndChecks];
  const chosen = all.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
  if (chosen.length === 0) {
    console.error(`no check is called ${names.join(" or ")}; there are ${all.map(({ name }) => name).join(", ")}`);
    process.exit(1);
  }

  const sum: Counts = { passed: 0, failed: 0, skipped: 0 };
  const failedChecks: string[] = [];
  for (const { name, run } of chosen) {
    console.log(`\n== ${name}`);
    const started = Date.now();
    const counts = await run().catch((error: Error): Counts => {
      console.error(error.message);
      return { passed: 0, failed: 1, skipped: 0 };
    });
    sum.passed += counts.passed;
    sum.failed += counts.failed;
    sum.skipped += counts.skipped;
    if (counts.failed > 0) failedChecks.push(name);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`== ${name}: ${counts.passed} passed, ${counts.failed} failed in ${seconds} s`);
  }
  if (failedChecks.length > 0) console.log(`\nfailed: ${failedChecks.join(", ")}`);
  const skipped = sum.skipped > 0 ? `, ${sum.skipped} skipped` : "";
  console.log(`\n${sum.passed} passed, ${sum.failed} failed${skipped}`);
  process.exitCode = sum.failed > 0 ? 1 : 0;
}

void main();
