/** What the CLI says to the person in front of it. */
import { stripVTControlCharacters } from "node:util";
import { readable } from "./page/client/trace-line.mjs";
import { TerminalLine } from "./terminal-line";

/** An error whose message is for the user as it is: no stack. */
export class UserError extends Error {}

/** Where the CLI has a terminal for itself, its last line shows what runs (sandbox/cli.ts). */
export const terminal = new TerminalLine(process.stdout);

export const say = (line: string): void => terminal.say(line);

/** Lines of several jobs side by side, each behind its job's name. Incomplete lines wait for their end. */
export function prefixedLines(write: (line: string) => void): { add(name: string, chunk: string): void; end(): void } {
  const rest = new Map<string, string>();
  return {
    add(name, chunk) {
      const lines = ((rest.get(name) ?? "") + chunk).split("\n");
      rest.set(name, lines.pop() ?? "");
      for (const line of lines) write(`${name} | ${plain(line)}`);
    },
    end() {
      for (const [name, line] of rest) if (plain(line) !== "") write(`${name} | ${plain(line)}`);
      rest.clear();
    },
  };
}

/** A trace line as a person reads it: without the runner's timestamps, section markers, erased text and colours. */
export const plain = (line: string): string => stripVTControlCharacters(readable(line));

/** A plain text table: columns as wide as their longest cell. */
export function table(rows: string[][]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
