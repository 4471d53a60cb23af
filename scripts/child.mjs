/** Runs a program to its end, whatever signals come. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

/**
 * Resolves to the program's exit code as a shell tells it. Ctrl-C reaches the whole foreground group: the program has it
 * already and cleans up, and this process waits for it. An npm left behind would clean up in the next one's install.
 */
export function runToEnd(command, args, options) {
  return new Promise((resolve, reject) => {
    let child;
    const handlers = {
      SIGINT: () => {},
      SIGTERM: () => child?.kill("SIGTERM"),
      SIGHUP: () => child?.kill("SIGHUP"),
    };
    // Before the program is there: it may be interrupted as soon as it is.
    for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
    child = spawn(command, args, options);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const [name, handler] of Object.entries(handlers)) process.off(name, handler);
      resolve(signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 1));
    });
  });
}
