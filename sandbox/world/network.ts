/** The bridge that stands for the VPC, and the network namespaces of tasks and hosts on it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as os from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { network, prefix } from "../config";
import { attempt, run } from "../command";

/** Our iptables chain: who may reach the instance metadata address. */
const metadataChain = "GFR-SANDBOX";

/** Where containers of a task find their role's credentials; fixed by ECS. */
export const taskMetadataAddress = "169.254.170.2";

/** How long the kernel may take to end the interfaces of deleted namespaces, in milliseconds. */
const namespaceGrace = 2_000;

/** Addresses that AWS has beside the network; here they are on the loopback interface. */
export const serviceAddresses: readonly string[] = [network.metadata, network.resolver, taskMetadataAddress];

/**
 * A MAC address from an IPv4 address. Addresses are reused by tasks that come and go: with random MACs the neighbours'
 * stale ARP entries stall new connections for up to a minute.
 * @param side "peer" for the interface inside the namespace (and the bridge), "bridge" for the veth's end on the bridge
 */
export function macAddress(ip: string, side: "peer" | "bridge" = "peer"): string {
  return [side === "peer" ? "0a:58" : "0a:59", ...ip.split(".").map((part) => hex(Number(part)))].join(":");
}

/** The name of an address's network namespace and of its link on the bridge (links: at most 15 characters). */
export const linkName = (ip: string): string =>
  `${prefix}${ip
    .split(".")
    .map((part) => hex(Number(part)))
    .join("")}`;

const hex = (byte: number) => byte.toString(16).padStart(2, "0");

/** Creates the bridge with the gateway's address, and keeps everybody but permitted hosts off the metadata address. */
export async function createBridge(): Promise<void> {
  const { bridge, gateway, prefixLength, metadata } = network;
  await ipBatch([
    // The MAC is given at creation: changing it on a live bridge interrupts every connection.
    `link add ${bridge} address ${macAddress(gateway)} type bridge`,
    `addr add ${gateway}/${prefixLength} dev ${bridge}`,
    `link set ${bridge} up`,
    ...serviceAddresses.map((address) => `addr add ${address}/32 dev lo`),
  ]);
  await run("iptables", ["-w", "-N", metadataChain]);
  await run("iptables", ["-w", "-A", metadataChain, "-j", "DROP"]);
  await run("iptables", ["-w", "-A", "INPUT", "-d", metadata, "!", "-i", "lo", "-j", metadataChain]);
}

/** A network namespace with one interface, eth0, on the bridge. */
export interface NetworkNamespace {
  name: string;
  /** Path of its handle, for runc and nsenter. */
  path: string;
  macAddress: string;
  /** Switches the interface's link; down = the cable is cut. */
  setLink(state: "up" | "down"): Promise<void>;
  /** Takes the interface's address, and with it the routes, away or gives them back. */
  setAddress(state: "there" | "gone"): Promise<void>;
  remove(): Promise<void>;
}

/** Creates an address's network namespace, with its default route over the gateway. */
export async function createNamespace(ip: string): Promise<NetworkNamespace> {
  const name = linkName(ip);
  const mac = macAddress(ip);
  const address = `${ip}/${network.prefixLength} dev eth0`;
  const setAddress = (state: "there" | "gone") =>
    ipBatch(
      // The routes go with the address.
      state === "gone" ? [`addr del ${address}`] : [`addr add ${address}`, `route add default via ${network.gateway}`],
      name,
    );
  const remove = async () => {
    if (isLink(name)) await ipBatch([`link del ${name}`]).catch(ignoreIf(() => !isLink(name)));
    if (isNamespace(name)) await run("ip", ["netns", "del", name]);
  };
  try {
    await ipBatch([
      `netns add ${name}`,
      `link add ${name} address ${macAddress(ip, "bridge")} type veth peer name eth0 address ${mac} netns ${name}`,
      `link set ${name} master ${network.bridge} up`,
    ]);
    await ipBatch(["link set lo up", "link set eth0 up"], name);
    await setAddress("there");
  } catch (error) {
    await remove().catch(() => {});
    throw error;
  }
  const setLink = (state: "up" | "down") => ipBatch([`link set ${name} ${state}`]);
  return { name, path: `/run/netns/${name}`, macAddress: mac, setLink, setAddress, remove };
}

/** Lets an address reach the instance metadata server, or no longer. */
export async function allowMetadata(ip: string, allowed: boolean): Promise<void> {
  const rule = ["-s", ip, "-i", network.bridge, "-j", "ACCEPT"];
  await run("iptables", ["-w", allowed ? "-I" : "-D", metadataChain, ...rule]);
}

/** What of the sandbox's network is on this machine. */
export async function inspectNetwork(): Promise<{
  namespaces: string[];
  links: string[];
  addresses: string[];
  chain: boolean;
}> {
  const namespaces = existsSync("/run/netns") ? readdirSync("/run/netns").filter(isOurs) : [];
  const links = allLinks().filter(isOurs);
  const onLoopback = (os.networkInterfaces().lo ?? []).map((entry) => entry.address);
  const addresses = serviceAddresses.filter((address) => onLoopback.includes(address));
  return { namespaces, links, addresses, chain: await hasChain() };
}

/** Removes everything that inspectNetwork() finds. */
export async function removeNetwork(): Promise<void> {
  const { namespaces, links, addresses, chain } = await inspectNetwork();
  if (namespaces.length > 0) await ipBatch(namespaces.map((name) => `netns del ${name}`));
  // A veth goes with its peer's namespace: the kernel takes many of them down at once, far sooner than one by one.
  if (links.includes(network.bridge)) await ipBatch([`link del ${network.bridge}`]);
  const deadline = Date.now() + namespaceGrace;
  while (links.some(isLink) && Date.now() < deadline) await delay(10);
  // Those whose namespace somebody still holds.
  for (const name of links.filter(isLink)) await ipBatch([`link del ${name}`]).catch(ignoreIf(() => !isLink(name)));
  for (const address of addresses) await ipBatch([`addr del ${address}/32 dev lo`]);
  if (chain) {
    const jump = ["INPUT", "-d", network.metadata, "!", "-i", "lo", "-j", metadataChain];
    while ((await attempt("iptables", ["-w", "-D", ...jump])).exitCode === 0);
    await run("iptables", ["-w", "-F", metadataChain]);
    await run("iptables", ["-w", "-X", metadataChain]);
  }
}

/** Runs `ip` once for several commands, in a namespace if one is named. */
async function ipBatch(commands: string[], namespace?: string): Promise<void> {
  await run("ip", [...(namespace ? ["-n", namespace] : []), "-batch", "-"], { input: commands.join("\n") });
}

async function hasChain(): Promise<boolean> {
  const { exitCode } = await attempt("iptables", ["-w", "-n", "-L", metadataChain]);
  return exitCode === 0;
}

/** Links and namespaces carry the prefix and an address in hexadecimal; nothing else of that name is touched. */
const isOurs = (name: string) => name === network.bridge || new RegExp(`^${prefix}[0-9a-f]{8}$`).test(name);
const isLink = (name: string) => allLinks().includes(name);

/** Of this process's network, which /sys/class/net need not be. Format: proc_pid_net(5), "dev". */
const allLinks = (): string[] =>
  [...readFileSync("/proc/net/dev", "utf8").matchAll(/^\s*([^\s:]+):/gm)].map(([, name]) => name);
const isNamespace = (name: string) => existsSync(`/run/netns/${name}`);

const ignoreIf = (condition: () => boolean) => (error: unknown) => {
  if (!condition()) throw error;
};
