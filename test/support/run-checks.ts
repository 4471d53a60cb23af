/** Runs checks side by side and prints each one's output whole, when it ends. */
import { availableParallelism } from "node:os";
import { prefixedLines } from "../../sandbox/report";
import type { Check, Counts, Output } from "./check";
import { schedule } from "./schedule";

const beat = 15_000;

export interface Result extends Counts {
  /** Names of the checks in which something failed. */
  failedChecks: string[];
}

/** @param signal no check starts after it; who aborts ends what runs */
export async function runChecks(checks: Check[], signal: AbortSignal): Promise<Result> {
  const sum: Result = { passed: 0, failed: 0, skipped: 0, failedChecks: [] };
  const started = new Map<string, number>();
  const seconds = (name: string) => ((Date.now() - started.get(name)!) / 1000).toFixed(1);
  const others = () => [...started.keys()].map((name) => `${name} ${seconds(name)} s`).join(", ");
  const printsAtOnce = (check: Check) => check.last === true || checks.length === 1;
  const printers = checks.filter(printsAtOnce).length;
  const lines = prefixedLines((line) => process.stdout.write(`${line}\n`));
  const beats = setInterval(() => started.size > 0 && console.log(`   running: ${others()}`), beat);

  await schedule(checks, availableParallelism(), async (check) => {
    if (signal.aborted) return;
    started.set(check.name, Date.now());
    const atOnce = printsAtOnce(check);
    const chunks: string[] = [];
    if (atOnce) {
      clearInterval(beats);
      console.log(`\n== ${check.name}`);
    }
    const write = (text: string) => {
      if (!atOnce) chunks.push(text);
      else if (printers > 1) lines.add(check.name, text);
      else process.stdout.write(text);
    };
    const counts = await run(check, { write, colors: Boolean(process.stdout.isTTY), signal });
    const took = seconds(check.name);
    started.delete(check.name);
    if (!atOnce) process.stdout.write(`\n== ${check.name}\n${chunks.join("")}`);
    const running = started.size > 0 ? ` (running: ${others()})` : "";
    console.log(`== ${check.name}: ${counts.passed} passed, ${counts.failed} failed in ${took} s${running}`);
    sum.passed += counts.passed;
    sum.failed += counts.failed;
    sum.skipped += counts.skipped;
    if (counts.failed > 0) sum.failedChecks.push(check.name);
  });
  clearInterval(beats);
  lines.end();
  return sum;
}

async function run(check: Check, output: Output): Promise<Counts> {
  try {
    return await check.run(output);
  } catch (error) {
    output.write(`${(error as Error).message}\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
