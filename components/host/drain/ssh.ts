/** Logs in to a host as a deployment does: with its key, through its proxy, and only where the host's own key answers. */
import type { Duplex } from "node:stream";
import { Client, utils, type ClientChannel, type ConnectConfig } from "ssh2";
import { AnotherHost, LostConnection, type Host } from "./drain";

interface Endpoint {
  host: string;
  port?: number;
  user?: string;
  privateKey?: string;
  hostKey?: string;
}

/** As the command provider takes it. */
export interface Connection extends Endpoint {
  proxy?: Endpoint;
}

/** Of one attempt, in milliseconds. */
const readyTimeout = 15_000;

/** @throws AnotherHost; another error where it cannot be reached now */
export async function connect({ proxy, ...target }: Connection): Promise<Host> {
  if (!target.hostKey) throw new AnotherHost("its host key was never learnt, and no other host is believed");
  if (!proxy) return asHost(await login(target), () => {});
  // Another proxy says nothing about the host.
  const jump = await login(proxy).catch((error: Error) => {
    throw new Error(`proxy ${proxy.host}: ${error.message}`, { cause: error });
  });
  try {
    return asHost(await login(target, await forward(jump, target)), () => jump.end());
  } catch (error) {
    jump.end();
    throw error;
  }
}

function login(endpoint: Endpoint, sock?: Duplex): Promise<Client> {
  const { host, port = 22, user = "root", privateKey, hostKey } = endpoint;
  const client = new Client();
  let another: AnotherHost | undefined;
  const seen = hostKey === undefined ? {} : verification(hostKey, (found) => (another = found));
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      client.destroy();
      // A host without a key of this kind is another one, too.
      const none = hostKey !== undefined && /no matching host key format/i.test(error.message);
      reject(another ?? (none ? new AnotherHost("it has no host key of this kind") : error));
    };
    client.on("error", fail);
    client.once("close", () => fail(new Error("the connection was closed")));
    client.once("ready", () => resolve(client));
    client.connect({
      ...(sock ? { sock } : { host, port }),
      ...{ username: user, privateKey, readyTimeout },
      // A host that vanishes in the middle shows after 45 seconds.
      ...{ keepaliveInterval: 15_000, keepaliveCountMax: 3 },
      ...seen,
    });
  });
}

function verification(hostKey: string, onAnother: (error: AnotherHost) => void): ConnectConfig {
  const expected = utils.parseKey(hostKey);
  if (expected instanceof Error) throw new Error("the host key cannot be read", { cause: expected });
  const rsa = ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"];
  const serverHostKey = expected.type === "ssh-rsa" ? rsa : [expected.type];
  return {
    algorithms: { serverHostKey } as ConnectConfig["algorithms"],
    hostVerifier: (key: Buffer) => {
      const same = key.equals(expected.getPublicSSH());
      if (!same) onAnother(new AnotherHost("another host key answers at its address"));
      return same;
    },
  };
}

function forward(jump: Client, { host, port = 22 }: Endpoint): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    jump.forwardOut("127.0.0.1", 0, host, port, (error, channel) => (error ? reject(error) : resolve(channel)));
  });
}

function asHost(client: Client, closed: () => void): Host {
  return {
    run: (script) => run(client, script),
    close() {
      client.end();
      closed();
    },
  };
}

function run(client: Client, script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new LostConnection("the connection was lost"));
    client.once("close", lost);
    const take = (channel: ClientChannel) => {
      let [stdout, stderr] = ["", ""];
      channel.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      channel.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      channel.on("close", (code: number | null | undefined) => {
        client.off("close", lost);
        if (code === 0) resolve(stdout.trim());
        else if (typeof code !== "number") lost();
        else reject(new Error(`exit code ${code}: ${stderr.trim()}`));
      });
      channel.end();
    };
    try {
      client.exec(script, (error, channel) => (error ? reject(new LostConnection(error.message)) : take(channel)));
    } catch {
      // It was lost since the last script, when nobody listened.
      lost();
    }
  });
}
