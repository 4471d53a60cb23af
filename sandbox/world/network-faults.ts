/** What goes wrong in one network namespace, by iptables inside it: it all goes when the namespace does. */
import { run } from "../command";
import type { NetworkNamespace } from "./network";

/** Fractions of the connections that a port is asked for, 0 to 1 together. */
export interface FailingConnects {
  /** Refused at once, as where nobody listens. */
  refused: number;
  /** Reset after a few packets, in the middle of the handshake. */
  reset: number;
}

/** Drops every packet of the namespace without a word, or no longer. */
export async function setSilent(namespace: NetworkNamespace, silent: boolean): Promise<void> {
  for (const [chain, direction] of [
    ["INPUT", "-i"],
    ["OUTPUT", "-o"],
  ] as const) {
    await iptables(namespace, [silent ? "-I" : "-D", chain, direction, "eth0", "-j", "DROP"]);
  }
}

/** Refuses connections to a port, as before its server listens. Returns what ends it. */
export async function refuse(namespace: NetworkNamespace, port: number): Promise<() => Promise<void>> {
  const rule = ["INPUT", ...toPort(port), "-j", ...reset];
  await iptables(namespace, ["-I", ...rule]);
  return () => iptables(namespace, ["-D", ...rule]);
}

/** Makes a fraction of all new connections to a port fail. */
export async function failConnects(namespace: NetworkNamespace, port: number, failing: FailingConnects): Promise<void> {
  const isNew = [...toPort(port), "-m", "conntrack", "--ctstate", "NEW"];
  const by = (probability: number) => ["-m", "statistic", "--mode", "random", "--probability", String(probability)];
  await iptables(namespace, ["-A", "INPUT", ...isNew, ...by(failing.refused), "-j", ...reset]);
  if (failing.reset === 0) return;
  // SYN and ACK are two packets; the versions, the key exchange and the login are some ten more from the client.
  const packets = 3 + Math.floor(Math.random() * 8);
  const after = ["-m", "connbytes", "--connbytes", `${packets}:`, "--connbytes-dir", "original"];
  const marked = [...toPort(port), "-m", "connmark", "--mark", "1", ...after, "--connbytes-mode", "packets"];
  // Of those that the rule before has let through.
  const share = failing.reset / (1 - failing.refused);
  await iptables(namespace, ["-A", "INPUT", ...isNew, ...by(share), "-j", "CONNMARK", "--set-mark", "1"]);
  await iptables(namespace, ["-A", "INPUT", ...marked, "-j", ...reset]);
}

/** Resets the connections that a port of the namespace has. Returns how many there were. */
export async function resetConnections(namespace: NetworkNamespace, port: number): Promise<number> {
  const filter = ["state", "established", "sport", "=", `:${port}`];
  const killed = await inside(namespace, ["ss", "--kill", "--tcp", "--no-header", ...filter]);
  return killed.split("\n").filter((line) => line !== "").length;
}

const toPort = (port: number) => ["-p", "tcp", "--dport", String(port)];
const reset = ["REJECT", "--reject-with", "tcp-reset"];

async function iptables(namespace: NetworkNamespace, args: string[]): Promise<void> {
  await inside(namespace, ["iptables", "-w", ...args]);
}

const inside = (namespace: NetworkNamespace, command: string[]) =>
  run("nsenter", [`--net=${namespace.path}`, ...command]);
