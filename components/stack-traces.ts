import * as inspector from "node:inspector";

/**
 * Keeps two frames of each stack trace. The SDK notes where each property of each resource was made: two frames still
 * show where an error comes from, while ten of them, mapped back to TypeScript, take a fifth of the time of a preview
 * with hundreds of runners. Whoever debugs the program gets them all: under a debugger, or with
 * `NODE_OPTIONS=--stack-trace-limit=50`.
 */
export function shortenStackTraces(
  nodeOptions = [...process.execArgv, process.env.NODE_OPTIONS ?? ""],
  debuggerAddress = inspector.url(),
): void {
  const isLimitChosen = nodeOptions.some((options) => /--stack[-_]trace[-_]limit/.test(options));
  if (!isLimitChosen && debuggerAddress === undefined) Error.stackTraceLimit = 2;
}
