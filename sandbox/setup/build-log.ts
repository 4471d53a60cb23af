/** The programs of a build: all that they say goes into the build's log, the end of it into the error. */
import { createWriteStream, type WriteStream } from "node:fs";
import { follow, run as runProgram } from "../command";

interface RunOptions {
  cwd?: string;
  /** Added to the environment of this process. */
  env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end; resolves to its standard output, without the line's end. */
export type Run = (command: string, args: string[], options?: RunOptions) => Promise<string>;

/** The log that one build's programs write to. */
export function openLog(file: string): WriteStream {
  return createWriteStream(file, { flags: "w", mode: 0o600 });
}

/** Makes a `Run` whose programs write to `log` and end when `signal` says so. */
export function runner(log: WriteStream, signal?: AbortSignal): Run {
  return async (command, args, { cwd, env } = {}) => {
    const line = [command, ...args].join(" ");
    log.write(`$ ${line}\n`);
    try {
      const onLine = (said: string) => log.write(`${said}\n`);
      return (await follow(command, args, { cwd, env: { ...process.env, ...env }, signal, onLine })).trimEnd();
    } catch (error) {
      if (error instanceof Error) error.message += `\n(all of it: ${String(log.path)})`;
      throw error;
    }
  };
}

/** Runs a short query whose output alone matters. */
export async function query(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return (await runProgram(command, args, { env: { ...process.env, ...env } })).trimEnd();
}
