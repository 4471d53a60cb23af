import * as inspector from "node:inspector";

/** Frames of an error's trace, and of the program's own in each resource's. */
const frames = 2;

/** The SDK's own frames above the program's in the trace that it takes of each resource. */
const sdkFrames = 5;

/**
 * Keeps two frames of each stack trace. They still show where an error comes from. The SDK notes where each property of
 * each resource was made: ten frames, mapped back to TypeScript, take a fifth of the time of a preview with hundreds of
 * runners. Of each resource it notes all the frames there are, whatever the limit, and the engine writes them to the
 * state: a quarter of what it writes of a runner, after each step that it takes. Whoever debugs the program gets them
 * all: under a debugger, or with `NODE_OPTIONS=--stack-trace-limit=50`.
 */
export function shortenStackTraces(
  nodeOptions = [...process.execArgv, process.env.NODE_OPTIONS ?? ""],
  debuggerAddress = inspector.url(),
): void {
  const isLimitChosen = nodeOptions.some((options) => /--stack[-_]trace[-_]limit/.test(options));
  if (isLimitChosen || debuggerAddress !== undefined) return;
  Error.stackTraceLimit = frames;
  const prepare = Error.prepareStackTrace ?? plainly;
  Error.prepareStackTrace = (error, callSites) => prepare(error, callSites.slice(0, sdkFrames + frames)) as unknown;
}

/** As Node does where nothing maps frames back to their sources. */
const plainly = (error: Error, callSites: NodeJS.CallSite[]): string =>
  [String(error), ...callSites.map((callSite) => `    at ${callSite.toString()}`)].join("\n");
