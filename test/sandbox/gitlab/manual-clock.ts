/** A clock that goes on only where a test says so, and tells when something waits for it. */
import { EventEmitter, once } from "node:events";
import type { Clock } from "../../../sandbox/gitlab/clock";

interface Timer {
  ms: number;
  due: number;
  repeats: boolean;
  work: () => void;
}

export class ManualClock implements Clock {
  private time = Date.now();
  private readonly timers = new Set<Timer>();
  private readonly events = new EventEmitter();

  now(): number {
    return this.time;
  }

  after(ms: number, work: () => void): () => void {
    return this.add({ ms, due: this.time + ms, repeats: false, work });
  }

  every(ms: number, work: () => void): () => void {
    return this.add({ ms, due: this.time + ms, repeats: true, work });
  }

  /** Lets so much time go by; what falls due meanwhile happens in its order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (let next = this.next(); next && next.due <= end; next = this.next()) {
      this.time = next.due;
      if (next.repeats) next.due += next.ms;
      else this.timers.delete(next);
      next.work();
    }
    this.time = end;
  }

  /** Resolves as soon as something waits for so many ms. */
  async awaited(ms: number): Promise<void> {
    while (![...this.timers].some((timer) => timer.ms === ms)) await once(this.events, "timer");
  }

  private add(timer: Timer): () => void {
    this.timers.add(timer);
    this.events.emit("timer");
    return () => void this.timers.delete(timer);
  }

  private next(): Timer | undefined {
    return [...this.timers].sort((a, b) => a.due - b.due)[0];
  }
}
