/** SSH connections of remote commands and copies: a key, a jump host, bounded and growing retries. */
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Client, utils, type ConnectConfig, type ServerHostKeyAlgorithm } from "ssh2";
import type { Context } from "../framework/definition";
import { compact, isObject, type Props, type Value } from "../framework/values";

interface Endpoint {
  host: string;
  port: number;
  user: string;
  privateKey?: string;
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

type Calling = Pick<Context, "log" | "signal" | "environment">;

/**
 * Throws once the limit of attempts is reached, or when the deployment is cancelled. As the real one, which ends with the
 * engine's run, nobody closes the client of a command before that.
 */
export async function dial(connection: Connection, context: Calling): Promise<Client> {
  const { proxy } = connection;
  const login = await authentication(connection, context);
  if (!proxy) {
    return retrying("Dial", connection, context, async () => connect(connection, login, await reach(connection)));
  }
  return naming("proxy", dialThrough(proxy, connection, login, context));
}

/** The real one tries a handshake that fails again over the same connection, where nobody answers any more. */
async function dialThrough(proxy: Endpoint, target: Connection, login: ConnectConfig, context: Calling) {
  const ofProxy = await authentication(proxy, context);
  const jump = await retrying("Dial proxy", proxy, context, async () => connect(proxy, ofProxy, await reach(proxy)));
  context.signal.addEventListener("abort", () => jump.destroy(), { once: true });
  const sock = await retrying("Dial from proxy", target, context, () => forward(jump, target));
  try {
    return await connect(target, login, sock);
  } catch (cause) {
    if (target.dialErrorLimit < 0) throw cause;
    throw new Error(`after ${target.dialErrorLimit} failed attempts`, { cause });
  }
}

async function retrying<T>(what: string, endpoint: Endpoint, context: Calling, attempt: () => Promise<T>): Promise<T> {
  const limit = endpoint.dialErrorLimit;
  let pause = 100;
  for (let failures = 1; ; failures++) {
    context.signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (limit >= 0 && failures > limit) {
        throw new Error(`after ${failures - 1} failed attempts`, { cause: error });
      }
      context.log.status(`${what} ${failures}/${limit < 0 ? "inf" : limit} failed: retrying`);
    }
    await delay(pause, undefined, { signal: context.signal });
    pause = Math.min(pause * 1.5, 5000);
  }
}

/** A TCP connection, which alone has to be there within perDialTimeout. */
function reach({ host, port, perDialTimeout }: Endpoint): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port });
    if (perDialTimeout > 0) socket.setTimeout(perDialTimeout * 1000, () => socket.destroy(new Error("i/o timeout")));
    socket.once("error", (cause) => reject(new Error(`dial tcp ${host}:${port}`, { cause })));
    socket.once("connect", () => resolve(socket.setTimeout(0)));
  });
}

function connect(endpoint: Endpoint, login: ConnectConfig, sock: ConnectConfig["sock"]): Promise<Client> {
  const settings: ConnectConfig = { ...login, username: endpoint.user, sock, readyTimeout: 0 };
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
    client.once("ready", () => {
      // Commands are many small messages.
      client.setNoDelay(true);
      resolve(client);
    });
    client.connect(settings);
  });
}

/** What is wrong with keys or the agent fails the command before any host is dialled. */
async function authentication(endpoint: Endpoint, context: Calling): Promise<ConnectConfig> {
  const { privateKey, hostKey } = endpoint;
  if (privateKey) {
    const parsed = utils.parseKey(privateKey);
    if (parsed instanceof Error) throw new Error("reading the private key", { cause: parsed });
  }
  const agent = context.environment().SSH_AUTH_SOCK;
  if (agent) await answers(agent);
  return {
    ...(privateKey ? { privateKey } : {}),
    ...(agent ? { agent } : {}),
    ...hostVerification(hostKey),
  };
}

/** Throws where no agent listens. */
async function answers(agent: string): Promise<void> {
  const socket = createConnection(agent);
  await once(socket, "connect").catch((cause: Error) => {
    throw new Error(`dial unix ${agent}`, { cause });
  });
  socket.destroy();
}

/** Of golang.org/x/crypto/ssh: what it asks a server for that it has no key of, in its order. */
const hostKeyAlgorithms: ServerHostKeyAlgorithm[] = [
  ...(["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"] as const),
  ...(["rsa-sha2-256", "rsa-sha2-512", "ssh-rsa", "ssh-ed25519"] as const),
];

function hostVerification(hostKey: string | undefined): ConnectConfig {
  if (!hostKey) return { algorithms: { serverHostKey: hostKeyAlgorithms } };
  const parsed = utils.parseKey(hostKey);
  if (parsed instanceof Error) throw new Error("failed to parse host key", { cause: parsed });
  const expected = parsed.getPublicSSH();
  return {
    algorithms: { serverHostKey: [parsed.type as ServerHostKeyAlgorithm] },
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
