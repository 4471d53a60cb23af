/** Nothing is installed on a machine without a word: what is missing is listed, and on a terminal it is asked for. */
import { createInterface } from "node:readline/promises";
import { UserError } from "../report";
import { installCommand, missingPackages } from "./packages";

export interface Asked {
  missing: string[];
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream;
  /** CI=true of GitLab and others: nobody is there to answer. */
  ci: boolean;
}

/**
 * @param yes asks nothing
 * @throws UserError where the answer is no
 */
export async function agreeToPackages(yes: boolean, asked: Partial<Asked> = {}, signal?: AbortSignal): Promise<void> {
  const { input = process.stdin, output = process.stdout, ci = process.env.CI === "true" } = asked;
  const missing = asked.missing ?? missingPackages();
  if (missing.length === 0) return;
  const [program, ...args] = installCommand(missing);
  output.write(
    `The sandbox needs packages that this machine lacks. They stay when it is gone:\n  ${program} ${args.join(" ")}\n`,
  );
  if (yes || ci || !input.isTTY) return;
  const terminal = createInterface({ input, output });
  const options = signal ? { signal } : {};
  const answer = await terminal.question("Install them? [Y/n] ", options).finally(() => terminal.close());
  if (!/^(y(es)?)?$/i.test(answer.trim())) throw new UserError("Nothing has been installed.");
}
