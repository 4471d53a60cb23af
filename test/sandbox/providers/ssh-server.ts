/** An SSH server inside the test's process: runs commands by the local shell, serves files, forwards connections. */
import { spawn } from "node:child_process";
import { once, type EventEmitter } from "node:events";
import * as net from "node:net";
import { Server, utils, type Connection, type Session } from "ssh2";
import { serveSftp } from "./sftp-server";

export interface SshServer {
  port: number;
  /** As in known_hosts, without the host. */
  hostKey: string;
  /** What a client logs in with. */
  privateKey: string;
  /** By what algorithm the server has signed with its host key, connection by connection. */
  signedBy: string[];
  /** Commands in the order in which they were started. */
  commands: string[];
  /** Connections that were opened, those that were refused included. */
  connections(): number;
  /** Those that are there now. */
  open(): number;
  allClosed(): Promise<void>;
  close(): Promise<void>;
}

export interface SshServerOptions {
  /** How many connections are closed at once before the first is served. */
  refuse?: number;
  /** Its private key; default: a new one. */
  hostKey?: string;
}

export async function startSshServer(options: SshServerOptions = {}): Promise<SshServer> {
  const host = hostKeys(options.hostKey);
  const client = createKey();
  const allowed = utils.parseKey(client.publicKey);
  if (allowed instanceof Error) throw allowed;
  const commands: string[] = [];
  const signedBy: string[] = [];
  const open = new Set<Connection>();
  let connections = 0;

  const server = new Server({ hostKeys: [host.privateKey] }, (connection) => {
    open.add(connection);
    // The library's types lack it.
    (connection as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
    connection.on("close", () => open.delete(connection));
    connection.on("error", () => {});
    connections += 1;
    connection.on("handshake", ({ serverHostKey }) => signedBy.push(serverHostKey));
    if (connections <= (options.refuse ?? 0)) return connection.end();
    connection.on("authentication", (attempt) => {
      const known = attempt.method === "publickey" && attempt.key.data.equals(allowed.getPublicSSH());
      if (known && attempt.signature) {
        const genuine = allowed.verify(attempt.blob as Buffer, attempt.signature, attempt.hashAlgo);
        return genuine === true ? attempt.accept() : attempt.reject();
      }
      return known ? attempt.accept() : attempt.reject(["publickey"]);
    });
    connection.on("ready", () => {
      connection.on("session", (accept) => serveSession(accept(), commands));
      connection.on("tcpip", (accept, _reject, { destIP, destPort }) => {
        const channel = accept();
        channel.pipe(net.connect(destPort, destIP)).pipe(channel);
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as net.AddressInfo).port,
    hostKey: host.publicKey,
    privateKey: client.privateKey,
    signedBy,
    commands,
    connections: () => connections,
    open: () => open.size,
    allClosed: async () => {
      await Promise.all([...open].map((connection) => once(connection as unknown as EventEmitter, "close")));
    },
    async close() {
      for (const connection of open) connection.end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function hostKeys(privateKey: string | undefined): { privateKey: string; publicKey: string } {
  if (privateKey === undefined) return createKey();
  const parsed = utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  return { privateKey, publicKey: `${parsed.type} ${parsed.getPublicSSH().toString("base64")}` };
}

/** A pair in OpenSSH's formats. Not ed25519: one in some hundred that the library makes is malformed. */
export function createKey(): { privateKey: string; publicKey: string } {
  const { private: privateKey, public: publicKey } = utils.generateKeyPairSync("ecdsa", { bits: 256 });
  return { privateKey, publicKey };
}

function serveSession(session: Session, commands: string[]): void {
  session.on("exec", (accept, _reject, { command }) => {
    commands.push(command);
    const channel = accept();
    const child = spawn("sh", ["-c", command], { env: { PATH: process.env.PATH } });
    child.stdin.on("error", () => {});
    channel.pipe(child.stdin);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    channel.on("close", () => child.kill());
    child.on("close", (code, signal) => {
      if (signal) channel.exit(signal.replace("SIG", ""));
      else channel.exit(code ?? 1);
      channel.end();
    });
  });
  session.on("sftp", (accept) => serveSftp(accept()));
}
