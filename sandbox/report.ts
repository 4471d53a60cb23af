/** What the CLI says to the person in front of it. */
import { stripVTControlCharacters } from "node:util";
import { readable } from "./page/client/trace-line.mjs";

/** An error whose message is for the user as it is: no stack. */
export class UserError extends Error {}

export const say = (line: string): void => console.log(line);

interface ProgressEvent {
  artifact: string;
  state: "cached" | "building" | "done";
  seconds?: number;
}

/** Prints set-up steps: what is being built, that it still is (every 15 s), how long it took, or that it was there. */
export function progress(): (event: ProgressEvent) => void {
  const running = new Map<string, NodeJS.Timeout>();
  return ({ artifact, state, seconds }) => {
    clearInterval(running.get(artifact));
    running.delete(artifact);
    if (state === "building") {
      say(`${artifact}: building`);
      const started = Date.now();
      const beat = () => say(`${artifact}: still building, ${Math.round((Date.now() - started) / 1000)} s`);
      running.set(artifact, setInterval(beat, 15_000).unref());
    } else {
      say(`${artifact}: ${state === "cached" ? "from cache" : `done in ${(seconds ?? 0).toFixed(1)} s`}`);
    }
  };
}

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
