/**
 * Who watches the page, by server-sent events. Each watcher is sent the state whenever it has changed and, where it
 * watches a job, that job's calls and log. Nothing is kept for a watcher that reads slowly: it is sent what is true
 * once it has read what it had before, and of a log that has run away the end.
 */
import type { ServerResponse } from "node:http";
import { callsOf, snapshotOf, type Sources } from "./snapshot";

/** How often the records are looked at, while somebody watches, in ms. */
const interval = 250;

/** Bytes of a log that go in one event, and that a watcher may be behind before the rest is left out. */
const piece = 64 * 1024;
const maxBehind = 1024 * 1024;

/** What goes with the event "log". */
export interface LogPiece {
  text: string;
  /** Bytes before it that were left out. */
  skipped: number;
}

export class Watchers {
  private readonly watchers = new Set<Watcher>();
  private timer?: NodeJS.Timeout;

  constructor(private readonly sources: Sources) {}

  /** @param offset where to go on in the job's log */
  add(response: ServerResponse, job?: number, offset = 0): void {
    const watcher = new Watcher(response, this.sources, job, offset);
    this.watchers.add(watcher);
    response.once("close", () => {
      this.watchers.delete(watcher);
      if (this.watchers.size === 0) this.stop();
    });
    this.timer ??= setInterval(() => this.look(), interval).unref();
    this.look();
  }

  /** Tells all watchers what has changed. */
  look(): void {
    const snapshot = JSON.stringify(snapshotOf(this.sources));
    for (const each of this.watchers) each.send(snapshot);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

class Watcher {
  /** What it was sent last, by event. */
  private readonly seen = new Map<string, string>();

  constructor(
    private readonly response: ServerResponse,
    private readonly sources: Sources,
    private readonly job: number | undefined,
    private offset: number,
  ) {
    response.on("drain", () => this.sendLog());
  }

  send(snapshot: string): void {
    this.sendIfNew("snapshot", snapshot);
    if (this.job === undefined) return;
    this.sendIfNew("calls", JSON.stringify(callsOf(this.sources, this.job)));
    this.sendLog();
  }

  private sendIfNew(event: string, data: string): void {
    if (this.response.writableNeedDrain || this.seen.get(event) === data) return;
    this.seen.set(event, data);
    this.response.write(`event: ${event}\ndata: ${data}\n\n`);
  }

  private sendLog(): void {
    const log = this.job === undefined ? undefined : this.sources.gitlab.log(this.job);
    if (!log) return;
    while (!this.response.writableNeedDrain) {
      const from = Math.max(this.offset, log.size - maxBehind);
      const bytes = wholeCharacters(log.read(from, piece));
      if (bytes.length === 0) return;
      const data: LogPiece = { text: bytes.toString(), skipped: from - this.offset };
      this.offset = from + bytes.length;
      // The id comes back when the browser connects again.
      this.response.write(`event: log\nid: ${this.offset}\ndata: ${JSON.stringify(data)}\n\n`);
    }
  }
}

/** Without the beginning of a character whose end has not come yet. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if (byte >> 6 === 0b10) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.subarray(0, -back) : bytes;
  }
  return bytes;
}
