/** The time by which the stand-in judges jobs and runners. Tests have a clock of their own, so that none of them waits. */
export interface Clock {
  /** As Date.now(). */
  now(): number;
  /** Calls `work` once. Returns what calls it off. */
  after(ms: number, work: () => void): () => void;
  /** Calls `work` again and again. Returns what ends that. */
  every(ms: number, work: () => void): () => void;
}

/** This machine's clock. Its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, work) => {
    const timer = setTimeout(work, ms).unref();
    return () => clearTimeout(timer);
  },
  every: (ms, work) => {
    const timer = setInterval(work, ms).unref();
    return () => clearInterval(timer);
  },
};
