/** The programs of a build: all that they say goes into the build's log, the end of it into the error. */
import { createWriteStream, type WriteStream } from "node:fs";
import { follow, shortened } from "../command";
import { withTools } from "../world/namespaces";

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

interface RunnerOptions {
  signal?: AbortSignal | undefined;
  /** Folder of the artifact `tools`, whose programs are there in place of the machine's. */
  tools?: string | undefined;
}

/**
 * Makes a `Run` whose programs write to `log` and end when `signal` says so. With `tools`, each has mounts of its own: what
 * it mounts is invisible to others and goes with it, so removing a build's folder can never reach through a mount into the
 * machine's /dev.
 */
export function runner(log: WriteStream, { signal, tools }: RunnerOptions = {}): Run {
  return async (command, args, { cwd, env } = {}) => {
    const line = [command, ...args].join(" ");
    log.write(`$ ${line}\n`);
    try {
      const onLine = (said: string) => log.write(`${said}\n`);
      const [program, ...rest] = tools ? withTools(tools, [command, ...args]) : [command, ...args];
      const options = { cwd, env: { ...process.env, ...env }, signal, onLine, name: shortened(line) };
      return (await follow(program!, rest, options)).trimEnd();
    } catch (error) {
      if (error instanceof Error) error.message += `\n(all of it: ${String(log.path)})`;
      throw error;
    }
  };
}
