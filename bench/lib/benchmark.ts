/** What bench/run.ts runs: each benchmark is one folder beside this one. */
import type { Measurement } from "./report";

export interface BenchmarkOptions {
  /** Rounds of quick contestants; a benchmark takes fewer of what takes long. */
  rounds: number;
  signal: AbortSignal;
  /** A git revision to measure beside what is checked out. */
  against?: string;
  /** Tells the person in front of it what goes on. */
  say(line: string): void;
}

export interface Section {
  title: string;
  measurements: Measurement[];
  /** What one has to know to read the figures. */
  notes?: string[];
}

export interface Benchmark {
  summary: string;
  /** Whether it needs a sandbox, whose network it shares. */
  onSandbox?: true;
  /** Whether it can measure another revision beside the one that is checked out. */
  takesRevision?: true;
  /** Fetches and builds what it needs beside a sandbox, which has no way to the internet. */
  prepare?(options: BenchmarkOptions): Promise<void>;
  /** Yields each section as soon as it has been measured. Leaves nothing behind, however it ends. */
  run(options: BenchmarkOptions): AsyncIterable<Section>;
}
