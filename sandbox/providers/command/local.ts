/** Commands of the machine that the engine runs on, in the words and with the rules of the real provider. */
import { spawn } from "node:child_process";
import * as path from "node:path";
import type { Context, Resource } from "../framework/definition";
import type { Props } from "../framework/values";
import { commandResource } from "./command";
import { lineWriter, type Output, trimNewline } from "./output";

/** `workDir`: where relative folders start from, the engine's own. */
export const localCommand = (workDir: string): Resource =>
  commandResource((line, props, context) => runLocal(line, props, workDir, context));

function runLocal(line: string, props: Props, workDir: string, context: Context): Promise<Output> {
  const [program, ...args] = (props.interpreter as string[] | undefined) ?? ["/bin/sh", "-c"];
  const previous =
    props.addPreviousOutputInEnv === false
      ? {}
      : { PULUMI_COMMAND_STDOUT: props.stdout, PULUMI_COMMAND_STDERR: props.stderr };
  const given = Object.fromEntries(Object.entries(previous).filter(([, text]) => text)) as Record<string, string>;
  const child = spawn(program, [...args, line], {
    cwd: path.resolve(workDir, (props.dir as string | undefined) ?? "."),
    env: { ...context.environment(), ...(props.environment as Record<string, string> | undefined), ...given },
    signal: context.signal,
    killSignal: "SIGKILL",
  });
  const said: string[] = [];
  const note = lineWriter((text) => context.log.status(text));
  const output: Output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      said.push(text);
      note.write(text);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    // A command that does not read its input ends with its own exit code.
    child.stdin.on("error", () => {}).end((props.stdin as string | undefined) ?? "");
    child.on("close", (code, signal) => {
      note.end();
      if (code === 0) return resolve({ stdout: trimNewline(output.stdout), stderr: trimNewline(output.stderr) });
      const why = code === null ? `signal: ${signal}` : `exit status ${code}`;
      reject(new Error(`${why}: running ${JSON.stringify(line)}:\n${said.join("")}`));
    });
  });
}
