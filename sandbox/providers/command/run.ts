/** Runs one command over SSH and collects its output. */
import { StringDecoder } from "node:string_decoder";
import type { Client, ClientChannel } from "ssh2";
import type { Context } from "../framework/definition";
import { dial, type Connection } from "./connection";
import { lineWriter, type Output, trimNewline } from "./output";

export interface RemoteCommand {
  connection: Connection;
  command: string;
  stdin?: string;
}

/** Throws on a non-zero exit; the message holds the command and all it wrote, as the real provider's does. */
export async function runRemote(remote: RemoteCommand, context: Context): Promise<Output> {
  const client = await dial(remote.connection, context);
  context.signal.addEventListener("abort", () => client.destroy(), { once: true });
  try {
    return await execute(client, remote, context);
  } catch (error) {
    context.signal.throwIfAborted();
    throw error;
  }
}

function execute(client: Client, { command, stdin }: RemoteCommand, context: Pick<Context, "log">): Promise<Output> {
  const quoted = JSON.stringify(command);
  return new Promise((resolve, reject) => {
    client.once("close", () => reject(new Error(`the connection was lost: running ${quoted}`)));
    client.exec(command, (error, channel) => {
      if (error) return reject(new Error(`running ${quoted}`, { cause: error }));
      const parts: string[] = [];
      const note = lineWriter((line) => context.log.status(line));
      const stdout = collect(channel, (text) => {
        parts.push(text);
        note.write(text);
      });
      const stderr = collect(channel.stderr, (text) => {
        parts.push(text);
        note.write(text);
      });
      channel.on("close", (code: number | null | undefined, signal?: string) => {
        note.end();
        if (code === 0) return resolve({ stdout: trimNewline(stdout()), stderr: trimNewline(stderr()) });
        reject(new Error(`${outcome(code, signal)}: running ${quoted}:\n${parts.join("")}`));
      });
      // The input may be refused by a command that ends early; its exit code says what happened.
      channel.on("error", () => {});
      channel.end(stdin ?? "");
    });
  });
}

function outcome(code: number | null | undefined, signal: string | undefined): string {
  if (typeof code === "number") return `Process exited with status ${code}`;
  return signal
    ? `Process exited with signal ${signal.replace(/^SIG/, "")}`
    : "wait: remote command exited without exit status or exit signal";
}

function collect(stream: ClientChannel | ClientChannel["stderr"], onText: (text: string) => void): () => string {
  const decoder = new StringDecoder("utf8");
  let all = "";
  const add = (text: string) => {
    if (!text) return;
    all += text;
    onText(text);
  };
  stream.on("data", (chunk: Buffer) => add(decoder.write(chunk)));
  stream.on("end", () => add(decoder.end()));
  return () => all;
}
