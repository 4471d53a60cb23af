/** Runs one command over SSH and collects its output. */
import { StringDecoder } from "node:string_decoder";
import type { Client, ClientChannel, SFTPWrapper } from "ssh2";
import type { Context } from "../framework/definition";
import { dial, type Connection } from "./connection";
import { lineWriter, type Output, trimNewline } from "./output";

export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

export interface RemoteCommand {
  connection: Connection;
  command: string;
  stdin?: string;
  /** Refused by a server that does not accept the name: then the command fails before it starts. */
  environment: Record<string, string>;
  /** Likewise, but a refusal is only a warning. */
  optionalEnvironment: Record<string, string>;
  logging: Logging;
}

/** Throws on a non-zero exit; the message holds the command and all it wrote, as the real provider's does. */
export async function runRemote(remote: RemoteCommand, context: Context): Promise<Output> {
  const client = await dial(remote.connection, context);
  context.signal.addEventListener("abort", () => client.destroy(), { once: true });
  try {
    const env = await acceptedEnvironment(client, remote, context);
    return await execute(client, remote, env, context);
  } catch (error) {
    context.signal.throwIfAborted();
    throw error;
  }
}

async function acceptedEnvironment(client: Client, remote: RemoteCommand, context: Pick<Context, "log">) {
  const accepted = { ...remote.environment };
  for (const [name, value] of Object.entries(remote.environment)) {
    const refusal = await tryVariable(client, name, value);
    if (refusal) throw new Error(`could not set environment variable "${name}"`, { cause: refusal });
  }
  for (const [name, value] of Object.entries(remote.optionalEnvironment)) {
    if (!(await tryVariable(client, name, value))) accepted[name] = value;
    else {
      context.log.warn(
        `Unable to set '${name}'. This only works if your SSH server is configured to accept these variables ` +
          "via AcceptEnv. Set addPreviousOutputInEnv to false where the command does not need them.",
      );
    }
  }
  return accepted;
}

/**
 * Whether the server takes the variable. The library waits for an answer on SFTP channels only, so a channel of that
 * kind asks, and is closed again.
 */
function tryVariable(client: Client, name: string, value: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    (client as unknown as SftpWithEnvironment).sftp({ [name]: value }, (error, sftp) => {
      sftp?.end();
      resolve(error && /environment/.test(error.message) ? error : undefined);
    });
  });
}

/** An overload that the library has and its types lack. */
interface SftpWithEnvironment {
  sftp(env: Record<string, string>, done: (error: Error | undefined, sftp?: SFTPWrapper) => void): void;
}

function execute(
  client: Client,
  remote: RemoteCommand,
  env: Record<string, string>,
  context: Pick<Context, "log">,
): Promise<Output> {
  const { command, logging } = remote;
  const quoted = JSON.stringify(command);
  return new Promise((resolve, reject) => {
    client.once("close", () => reject(new Error(`the connection was lost: running ${quoted}`)));
    client.exec(command, { env }, (error, channel) => {
      if (error) return reject(new Error(`running ${quoted}`, { cause: error }));
      const parts: string[] = [];
      const note = lineWriter((line) => context.log.status(line));
      const stdout = collect(channel, (text) => {
        parts.push(text);
        if (logging === "stdout" || logging === "stdoutAndStderr") note.write(text);
      });
      const stderr = collect(channel.stderr, (text) => {
        parts.push(text);
        if (logging === "stderr" || logging === "stdoutAndStderr") note.write(text);
      });
      channel.on("close", (code: number | null | undefined, signal?: string) => {
        note.end();
        if (code === 0) return resolve({ stdout: trimNewline(stdout()), stderr: trimNewline(stderr()) });
        reject(new Error(`${outcome(code, signal)}: running ${quoted}:\n${parts.join("")}`));
      });
      // The input may be refused by a command that ends early; its exit code says what happened.
      channel.on("error", () => {});
      channel.end(remote.stdin ?? "");
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
