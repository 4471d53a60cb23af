/** The last line of a terminal: what runs at the moment, and for how long. What is said for good stands above it. */
import * as readline from "node:readline";

/** How often it is drawn anew, in ms. */
const interval = 1000;

export class TerminalLine {
  /** Since when, in ms. */
  private readonly running = new Map<string, number>();
  private timer?: NodeJS.Timeout;
  private drawn = false;

  /** @param shows whether there is such a line: only on a terminal, and not where others write on it as well */
  constructor(
    private readonly output: NodeJS.WritableStream & { columns?: number },
    public shows = false,
  ) {}

  start(what: string): void {
    this.running.set(what, Date.now());
    this.timer ??= setInterval(() => this.draw(), interval).unref();
    this.draw();
  }

  stop(what: string): void {
    this.running.delete(what);
    if (this.running.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
    this.draw();
  }

  say(text: string): void {
    this.clear();
    this.output.write(`${text}\n`);
    this.draw();
  }

  private draw(): void {
    this.clear();
    if (!this.shows || this.running.size === 0) return;
    const parts = [...this.running].map(([what, since]) => `${what} ${Math.round((Date.now() - since) / 1000)} s`);
    // A line that wraps could not be taken back.
    this.output.write(parts.join(", ").slice(0, (this.output.columns || 80) - 1));
    this.drawn = true;
  }

  private clear(): void {
    if (!this.drawn) return;
    readline.cursorTo(this.output, 0);
    readline.clearLine(this.output, 0);
    this.drawn = false;
  }
}
