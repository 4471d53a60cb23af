/** The bridge that stands for the VPC, and the network namespaces of tasks and hosts on it. */
import { existsSync, readFileSync } from "node:fs";
import { network, prefix } from "../config";
import { run } from "../command";

/** Where containers of a task find their role's credentials; fixed by ECS. */
export const taskMetadataAddress = "169.254.170.2";

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

/**
 * Creates the bridge with the gateway's address, and keeps everybody but permitted hosts off the metadata address. The
 * network is the sandbox's own; an earlier one, which was killed, may have had it before.
 */
export async function createBridge(): Promise<void> {
  const { bridge, gateway, prefixLength, metadata } = network;
  if (isLink(bridge)) await ipBatch([`link del ${bridge}`]);
  await ipBatch([
    // The MAC is given at creation: changing it on a live bridge interrupts every connection.
    `link add ${bridge} address ${macAddress(gateway)} type bridge`,
    `addr add ${gateway}/${prefixLength} dev ${bridge}`,
    `link set ${bridge} up`,
    ...serviceAddresses.map((address) => `addr replace ${address}/32 dev lo`),
  ]);
  await run("iptables", ["-w", "-F", "INPUT"]);
  await run("iptables", ["-w", "-A", "INPUT", "-d", metadata, "!", "-i", "lo", "-j", "DROP"]);
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
  const rule = ["-s", ip, "-d", network.metadata, "-i", network.bridge, "-j", "ACCEPT"];
  await run("iptables", ["-w", allowed ? "-I" : "-D", "INPUT", ...rule]);
}

/** Runs `ip` once for several commands, in a namespace if one is named. */
async function ipBatch(commands: string[], namespace?: string): Promise<void> {
  await run("ip", [...(namespace ? ["-n", namespace] : []), "-batch", "-"], { input: commands.join("\n") });
}

const isLink = (name: string) => allLinks().includes(name);

/** Of this process's network, which /sys/class/net need not be. Format: proc_pid_net(5), "dev". */
const allLinks = (): string[] =>
  [...readFileSync("/proc/net/dev", "utf8").matchAll(/^\s*([^\s:]+):/gm)].map(([, name]) => name);
const isNamespace = (name: string) => existsSync(`/run/netns/${name}`);

const ignoreIf = (condition: () => boolean) => (error: unknown) => {
  if (!condition()) throw error;
};
