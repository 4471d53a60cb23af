/** What of this machine a sandbox might change and leave changed, seen without anything that the sandbox knows of itself. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { execa } from "execa";
import { anyCgroup, cgroupName, taskCgroupPrefix } from "../../sandbox/config";
import { cgroupTree, hierarchies } from "../../sandbox/world/cgroups";

/** By kind, one string for each thing there is. */
export type Machine = Record<string, string[]>;

export async function lookAtMachine(): Promise<Machine> {
  const [links, routes, rules] = await Promise.all([ip("addr"), ip("route", "show", "table", "all"), ip("rule")]);
  const folder = (dir: string) => (existsSync(dir) ? readdirSync(dir).map((name) => path.join(dir, name)) : []);
  const apart = process.env.KEPT_APART;
  if (!apart) throw new Error("KEPT_APART is not set: test/support/apart.sh sets it");
  return {
    addresses: links.flatMap(({ ifname, operstate, addr_info = [] }) => [
      `${ifname} ${operstate}`,
      ...(addr_info as Entry[]).map(({ local, prefixlen }) => `${ifname} ${local}/${prefixlen}`),
    ]),
    routes: routes.map((route) => JSON.stringify(route)),
    rules: rules.map((rule) => JSON.stringify(rule)),
    packetFilter: [
      ...(await packetFilter("iptables-save")),
      ...(await packetFilter("ip6tables-save")),
      ...(await nftables()),
    ],
    kernelSettings: await kernelSettings(),
    mounts: readFileSync("/proc/self/mounts", "utf8").split("\n"),
    namespaces: folder("/run/netns"),
    cgroups: cgroups(),
    home: writtenAtHome(path.join(apart, "home")),
  };
}

/**
 * What this process and those that it shares its mounts with have made, changed or removed at home, by its name there.
 * @param home the folder of test/support/apart.sh
 */
export function writtenAtHome(home: string): string[] {
  const written = (dir: string) => {
    const upper = path.join(home, "upper", dir);
    if (!existsSync(upper)) return [];
    // An overlay has a folder of the machine's in it too, where something in that is written.
    return readdirSync(upper, { withFileTypes: true })
      .map((entry) => [entry, path.join(dir, entry.name)] as const)
      .filter(([entry, name]) => !entry.isDirectory() || !existsSync(path.join(home, "machine", name)))
      .map(([, name]) => path.join("~", name));
  };
  return ["", ".ssh", ".config", ".docker"].flatMap(written);
}

/** What is otherwise than it was, in sentences. */
export function changes(before: Machine, after: Machine): string[] {
  const missing = (from: string[], all: string[]) => from.filter((one) => !all.includes(one));
  return Object.keys(before).flatMap((kind) => [
    ...missing(after[kind], before[kind]).map((one) => `${kind}: there is ${one}`),
    ...missing(before[kind], after[kind]).map((one) => `${kind}: gone is ${one}`),
  ]);
}

/** Processes that were given this variable by whoever started them, other than this one. */
export function processesWith(variable: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const has = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(variable);
        return has ? [`${pid}: ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`] : [];
      } catch {
        return []; // gone meanwhile
      }
    });
}

/** Files in a folder that was the temporary one. Node, tsx and Pulumi's ts-node keep there what they have compiled. */
export const leftIn = (temporary: string): string[] =>
  readdirSync(temporary)
    .filter((name) => !/^(node-compile-cache|tsx-\d+|ts-node-[0-9a-f]+)$/.test(name))
    .map((name) => path.join(temporary, name));

type Entry = Record<string, unknown>;

async function ip(...args: string[]): Promise<Entry[]> {
  return JSON.parse((await execa("ip", ["-json", ...args])).stdout || "[]") as Entry[];
}

/** Rules, own chains and policies, without counters. A table that was never used is like one that lets all pass. */
async function packetFilter(program: string): Promise<string[]> {
  const { stdout } = await execa(program);
  let table = "";
  return stdout.split("\n").flatMap((line) => {
    if (line.startsWith("*")) table = line;
    if (!/^[:-]/.test(line) || / ACCEPT \[/.test(line)) return [];
    return [`${program} ${table} ${line.replace(/ \[\d+:\d+\]$/, "")}`];
  });
}

/** Without counters; none where nobody has the program. */
async function nftables(): Promise<string[]> {
  const { stdout = "" } = await execa("nft", ["--stateless", "list", "ruleset"], { reject: false });
  return stdout.split("\n");
}

/** Of the network, without those of interfaces, which come and go with them. */
async function kernelSettings(): Promise<string[]> {
  const { stdout } = await execa("sysctl", ["--all", "--pattern", "^net\\.(ipv4|ipv6|bridge|netfilter)\\."]);
  // The count of tracked connections is no setting.
  return stdout.split("\n").filter((line) => !/\.(conf|neigh)\.|nf_conntrack_count/.test(line));
}

/**
 * At the top of each hierarchy and below this process's own place in it: elsewhere are those of other users, which come and
 * go. systemd makes and takes those of its units as it starts and stops them, and so do sandboxes of other numbers.
 */
function cgroups(): string[] {
  const places = hierarchies().flatMap(({ mountPoint, path: own }) => [
    ...subfolders(mountPoint),
    ...cgroupTree(path.join(mountPoint, own)),
  ]);
  return [...new Set(places)].filter((dir) => !/\.(service|scope)$/.test(dir) && !isOfAnotherSandbox(dir));
}

const isOfAnotherSandbox = (dir: string): boolean =>
  dir
    .split("/")
    .filter((name) => anyCgroup.test(name))
    .some((name) => name !== cgroupName && !name.startsWith(taskCgroupPrefix));

const subfolders = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => path.join(dir, name));
