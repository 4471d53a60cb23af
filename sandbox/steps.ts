/** The CLI's steps, each as one line with the time that it took, and what comes from the cache as one line for all. */
import { terminal } from "./report";
import type { ProgressEvent } from "./setup/artifact";
import type { TerminalLine } from "./terminal-line";

/** How often it is said, where there is no terminal, that a step goes on, in ms. */
const beat = 15_000;

const inSeconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** Says what is built and how long it took, and in the end what was in the cache. */
export async function withProgress<Result>(
  work: (onProgress: (event: ProgressEvent) => void) => Promise<Result>,
  line: TerminalLine = terminal,
): Promise<Result> {
  const cached: string[] = [];
  const running = new Map<string, () => void>();
  try {
    return await work(({ artifact, state, seconds = 0 }) => {
      running.get(artifact)?.();
      running.delete(artifact);
      if (state === "cached") cached.push(artifact);
      if (state === "done") line.say(`${artifact}: done in ${inSeconds(seconds * 1000)}`);
      if (state === "building") running.set(artifact, building(artifact, line));
    });
  } finally {
    for (const end of running.values()) end();
    if (cached.length > 0) line.say(`from the cache: ${cached.join(", ")}`);
  }
}

/** Returns what ends it. */
function building(artifact: string, line: TerminalLine): () => void {
  if (line.shows) {
    line.start(`building ${artifact}`);
    return () => line.stop(`building ${artifact}`);
  }
  line.say(`${artifact}: building`);
  const started = Date.now();
  const tell = () => line.say(`${artifact}: still building, ${Math.round((Date.now() - started) / 1000)} s`);
  const timer = setInterval(tell, beat).unref();
  return () => clearInterval(timer);
}

/**
 * A step that succeeds or throws.
 * @param doing what stands in a terminal's last line meanwhile; none where the step itself writes
 */
export async function timed<Result>(
  { doing, done }: { doing?: string; done: string },
  work: () => Promise<Result>,
  line: TerminalLine = terminal,
): Promise<Result> {
  const started = Date.now();
  if (doing !== undefined) line.start(doing);
  let result: Result;
  try {
    result = await work();
  } finally {
    if (doing !== undefined) line.stop(doing);
  }
  line.say(`${done} (${inSeconds(Date.now() - started)})`);
  return result;
}
