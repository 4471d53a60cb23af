/** SSH connections of remote commands and copies: key or password, a jump host, bounded and growing retries. */
import { setTimeout as delay } from "node:timers/promises";
import { Client, utils, type ConnectConfig } from "ssh2";
import type { Context } from "../framework/definition";
import { compact, isObject, type Props, type Value } from "../framework/values";

interface Endpoint {
  host: string;
  port: number;
  user: string;
  password?: string;
  privateKey?: string;
  privateKeyPassword?: string;
  agentSocketPath?: string;
  /** Failed attempts after which to give up, the first one not counted; -1: never. */
  dialErrorLimit: number;
  /** Seconds; 0: no limit. */
  perDialTimeout: number;
  /** A line as in known_hosts without the host: "ssh-ed25519 AAAA…". Left out: any host is believed. */
  hostKey?: string;
}

export interface Connection extends Endpoint {
  proxy?: Endpoint;
}

const defaults = { user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 };

/** Fills in the schema's defaults, on the jump host too. */
export function withDefaults(connection: Value): Value {
  if (!isObject(connection)) return connection;
  const { proxy } = connection;
  return compact({ ...defaults, ...connection, proxy: isObject(proxy) ? { ...defaults, ...proxy } : proxy });
}

export interface Session {
  client: Client;
  close(): void;
}

/** Throws once the limit of attempts is reached, or when the deployment is cancelled. */
export async function dial(connection: Connection, context: Pick<Context, "log" | "signal">): Promise<Session> {
  const { proxy } = connection;
  if (!proxy) {
    const client = await retrying("Dial", connection, context, () => connect(connection));
    return { client, close: () => client.end() };
  }
  const jump = await naming(
    "proxy",
    retrying("Dial proxy", proxy, context, () => connect(proxy)),
  );
  try {
    const client = await naming("proxy", dialThrough(jump, connection, context));
    return {
      client,
      close: () => {
        client.end();
        jump.end();
      },
    };
  } catch (error) {
    jump.end();
    throw error;
  }
}

/** The real one tries a handshake that fails again over the same connection, where nobody answers any more. */
async function dialThrough(jump: Client, target: Connection, context: Pick<Context, "log" | "signal">) {
  const sock = await retrying("Dial from proxy", target, context, () => forward(jump, target));
  try {
    return await connect(target, sock);
  } catch (cause) {
    if (cause instanceof ConfigurationError || target.dialErrorLimit < 0) throw cause;
    throw new Error(`after ${target.dialErrorLimit} failed attempts`, { cause });
  }
}

async function retrying<T>(
  what: string,
  endpoint: Endpoint,
  context: Pick<Context, "log" | "signal">,
  attempt: () => Promise<T>,
): Promise<T> {
  const limit = endpoint.dialErrorLimit;
  let pause = 100;
  for (let failures = 1; ; failures++) {
    context.signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      if (limit >= 0 && failures > limit) {
        throw new Error(`after ${failures - 1} failed attempts`, { cause: error });
      }
      context.log.status(`${what} ${failures}/${limit < 0 ? "inf" : limit} failed: retrying`);
    }
    await delay(pause, undefined, { signal: context.signal });
    pause = Math.min(pause * 1.5, 5000);
  }
}

/** What no retry can put right. */
class ConfigurationError extends Error {}

function connect(endpoint: Endpoint, sock?: ConnectConfig["sock"]): Promise<Client> {
  const settings: ConnectConfig = {
    username: endpoint.user,
    readyTimeout: endpoint.perDialTimeout * 1000,
    // Go's TCP asks a peer that is silent for 15 seconds, nine times; the real one knows no other way to notice its loss.
    ...{ keepaliveInterval: 15_000, keepaliveCountMax: 9 },
    ...(sock ? { sock } : { host: endpoint.host, port: endpoint.port }),
    ...authentication(endpoint),
    ...hostVerification(endpoint.hostKey),
  };
  return new Promise((resolve, reject) => {
    const client = new Client();
    const fail = (cause: Error) => {
      client.destroy();
      reject(new Error(`connecting to ${endpoint.user}@${endpoint.host}:${endpoint.port}`, { cause }));
    };
    // A connection that breaks later fails the command's channel; without a listener it would end the process.
    client.on("error", fail);
    // A server that hangs up during the handshake is no error to the library.
    client.once("close", () => fail(new Error("the server closed the connection")));
    client.on("keyboard-interactive", (_name, _instructions, _lang, prompts, finish) =>
      finish(prompts.map(() => endpoint.password ?? "")),
    );
    client.once("ready", () => {
      // Commands are many small messages.
      client.setNoDelay(true);
      resolve(client);
    });
    client.connect(settings);
  });
}

function authentication(endpoint: Endpoint): ConnectConfig {
  const { privateKey, privateKeyPassword, password, agentSocketPath } = endpoint;
  if (privateKey) {
    const parsed = utils.parseKey(privateKey, privateKeyPassword);
    if (parsed instanceof Error) throw new ConfigurationError("reading the private key", { cause: parsed });
  }
  return {
    ...(privateKey ? { privateKey, passphrase: privateKeyPassword } : {}),
    ...(password ? { password, tryKeyboard: true } : {}),
    ...(agentSocketPath ? { agent: agentSocketPath } : {}),
  };
}

function hostVerification(hostKey: string | undefined): ConnectConfig {
  if (!hostKey) return {};
  const parsed = utils.parseKey(hostKey);
  if (parsed instanceof Error) throw new ConfigurationError("failed to parse host key", { cause: parsed });
  const expected = parsed.getPublicSSH();
  return {
    algorithms: { serverHostKey: [parsed.type] as NonNullable<ConnectConfig["algorithms"]>["serverHostKey"] },
    hostVerifier: (key: Buffer) => key.equals(expected),
  };
}

function forward(jump: Client, target: Endpoint): Promise<ConnectConfig["sock"]> {
  return new Promise((resolve, reject) => {
    jump.forwardOut("127.0.0.1", 0, target.host, target.port, (error, channel) =>
      error ? reject(error) : resolve(channel),
    );
  });
}

async function naming<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new Error(what, { cause: error });
  }
}

/** Reads the `connection` property of a checked resource. */
export function connectionOf(props: Props): Connection {
  return props.connection as unknown as Connection;
}
