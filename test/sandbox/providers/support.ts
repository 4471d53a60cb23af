/** A context as the server makes it, with what was logged. */
import type { Context } from "../../../sandbox/providers/framework/definition";
import type { Props } from "../../../sandbox/providers/framework/values";

export function createContext(
  options: { name?: string; config?: Props; signal?: AbortSignal; env?: NodeJS.ProcessEnv } = {},
) {
  const lines: string[] = [];
  const warnings: string[] = [];
  const name = options.name ?? "thing";
  const context: Context = {
    config: options.config ?? {},
    log: {
      info: (line) => lines.push(line),
      status: (line) => lines.push(line),
      warn: (line) => warnings.push(line),
    },
    signal: options.signal ?? new AbortController().signal,
    environment: () => ({ ...process.env, SSH_AUTH_SOCK: "", ...options.env }),
    urn: `urn:pulumi:stack::project::test:index:Thing::${name}`,
    name,
  };
  return { context, lines, warnings };
}

/** The error that the promise ends with; fails the test when there is none. */
export async function rejection(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => {
      throw new Error("expected a rejection");
    },
    (error: Error) => error,
  );
}
