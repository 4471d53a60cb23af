/**
 * Runs benchmarks, one after the other, and prints what they measured.
 *
 *   npm run bench -- NAME… [--rounds N] [--json FILE] [--against REVISION]
 *
 * Exit codes: 0 measured, 1 an error, 130 interrupted. No figure makes it fail. How to read them: bench/README.md.
 */
import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { say, UserError } from "../sandbox/report";
import { driver } from "./driver";
import type { Benchmark, BenchmarkOptions, Section } from "./lib/benchmark";
import { describeMachine, machineLine } from "./lib/machine";
import { whyNot } from "./lib/names";
import { measurementTable } from "./lib/report";
import { againWithNetwork, sharesNetwork } from "./lib/sandbox";
import { preview } from "./preview";
import { program } from "./program";

const benchmarks: Record<string, Benchmark> = { driver, program, preview };

const interrupted = new AbortController();
const { signal } = interrupted;

function atLeastOne(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It has to be a whole number from 1 on.");
  return value;
}

new Command("npm run bench --")
  .description(
    ["Measures, in ratios to a baseline of the same run:"]
      .concat(Object.entries(benchmarks).map(([name, { summary }]) => `  ${name}: ${summary}`))
      .join("\n"),
  )
  .argument("<names...>")
  .option("--rounds <n>", "rounds of what is quick; what takes long gets a quarter", atLeastOne, 20)
  .option("--json <file>", "write all figures to this file")
  .option("--against <revision>", "measure the driver of this git revision beside the one that is checked out")
  .action(run)
  .parseAsync()
  .catch((error: Error) => {
    if (signal.aborted) {
      process.exitCode = 130;
      return;
    }
    console.error(error instanceof UserError ? error.message : error.stack);
    process.exitCode = 1;
  });

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    if (!signal.aborted) say(`${name}: taking down what runs; one moment`);
    interrupted.abort();
  });
}

interface Options extends Pick<BenchmarkOptions, "rounds" | "against"> {
  json?: string;
}

async function run(names: string[], { rounds, json, against }: Options): Promise<void> {
  const why = whyNot(names, against, benchmarks);
  if (why !== undefined) throw new UserError(why);
  const options: BenchmarkOptions = { rounds, against, signal, say };
  if (names.some((name) => benchmarks[name].onSandbox) && !sharesNetwork()) {
    process.exitCode = await againWithNetwork(signal, async () => {
      for (const name of names) await benchmarks[name].prepare?.(options);
    });
    return;
  }
  const document = {
    date: new Date().toISOString(),
    machine: describeMachine(),
    rounds,
    benchmarks: {} as Record<string, Section[]>,
  };
  say(machineLine(document.machine));
  for (const name of names) {
    const sections: Section[] = (document.benchmarks[name] = []);
    for await (const section of benchmarks[name].run(options)) {
      sections.push(section);
      say(sectionText(section));
      // What has been measured is not lost when a later section fails.
      if (json) writeFileSync(json, JSON.stringify(document, null, 2) + "\n");
    }
  }
}

const sectionText = ({ title, measurements, notes = [] }: Section): string =>
  ["", `== ${title}`, measurementTable(measurements), ...notes.map((note) => `note: ${note}`), ""].join("\n");
