/** One EC2 instance: a systemd-nspawn machine with its own network namespace on the bridge. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createHostCgroup, removeCgroup } from "../../world/cgroups";
import { allowMetadata, createNamespace, type NetworkNamespace } from "../../world/network";
import { childrenOf, kill } from "../../world/processes";
import { mountOverlay, unmountOverlay } from "../ecs/images";
import { prepareTree } from "./host-tree";

export interface HostOptions {
  instanceId: string;
  address: string;
  /** The debootstrapped tree that all hosts share, read only. */
  tree: string;
  /** The host's own folder: its disk (an overlay's upper layer) and its console's log. */
  dir: string;
  /** OpenSSH public keys that may log in as `admin`. */
  authorizedKeys: string[];
  /** Certificates that it trusts besides its own, in PEM format. */
  trusted: string;
  /** As text. */
  userData?: string;
  /** Applies the instance's security groups to its network; returns what ends that. */
  protect(namespace: NetworkNamespace): Promise<() => void>;
}

export interface Host {
  /** Boots; settles when sshd accepts connections. @throws when it ends before, naming the console's log */
  boot(): Promise<void>;
  /** Orderly power-off, forced after `grace` milliseconds. The disk stays. */
  powerOff(grace: number): Promise<void>;
  /** Removes the disk; after powerOff(). */
  remove(): Promise<void>;
}

/** systemd's power-off signal, SIGRTMIN+4 (systemd(1), "Signals"). */
const powerOffSignal = 34 + 4;

/**
 * Moves itself into the host's cgroup, then into its network namespace and a mount namespace in which /sys/fs/cgroup is
 * the unified hierarchy alone: systemd inside refuses the hybrid layout of cgroup v1, and `ip netns exec` hides that of v2
 * behind a new /sys. The hierarchy's options are one mount's and all others': the new one repeats them.
 */
const bootScript = `
echo $$ > "$1/cgroup.procs" || exit 1
options=$(findmnt --noheadings --first-only --types cgroup2 --output OPTIONS) || exit 1
export options
exec ip netns exec "$2" unshare --mount sh -c '
  umount -R /sys/fs/cgroup 2>/dev/null
  mount -t cgroup2 -o "$options" cgroup2 /sys/fs/cgroup && mount -t tmpfs tmpfs /run || exit 1
  exec systemd-nspawn --quiet --keep-unit --register=no --boot --console=read-only --resolv-conf=off --timezone=off \\
    --link-journal=no --directory="$1" --hostname="$2"
' sh "$3" "$4"`;

export function createHost(options: HostOptions): Host {
  const { instanceId, address, dir } = options;
  const hostname = `ip-${address.replaceAll(".", "-")}`;
  let machine: { process: ChildProcess; exited: Promise<void>; cgroup: string; merged: string } | undefined;
  let namespace: NetworkNamespace | undefined;
  let unprotect = () => {};
  let goingDown: { force(): void; done: Promise<void> } | undefined;

  async function boot(): Promise<void> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const cgroup = createHostCgroup(`host-${instanceId}`);
    namespace = await createNamespace(address);
    unprotect = await options.protect(namespace);
    await allowMetadata(address, true);
    const merged = await mountOverlay(options.tree, dir);
    const { authorizedKeys, userData, trusted } = options;
    await prepareTree(merged, { hostname, address, authorizedKeys, userData, trusted });
    const console = openSync(path.join(dir, "console.log"), "a", 0o600);
    const process = spawn("sh", ["-c", bootScript, "sh", cgroup, namespace.name, merged, hostname], {
      stdio: ["ignore", console, console],
    });
    closeSync(console);
    const gaveUp = new AbortController();
    const exited = new Promise<void>((resolve) => process.once("exit", () => (gaveUp.abort(), resolve())));
    machine = { process, exited, cgroup, merged };
    // It may take as long as a slow machine needs for it.
    while (!childrenOf(process.pid!).some(hasSshd)) {
      if (gaveUp.signal.aborted) throw new Error(`instance ${instanceId} ended: see ${path.join(dir, "console.log")}`);
      await delay(40);
    }
  }

  async function powerOff(grace: number): Promise<void> {
    // A second call, with less patience, hastens the first.
    if (goingDown) {
      if (grace === 0) goingDown.force();
      return goingDown.done;
    }
    const off = new AbortController();
    goingDown = { force: () => off.abort(), done: takeDown(grace, off.signal) };
    await goingDown.done.finally(() => (goingDown = undefined));
  }

  async function takeDown(grace: number, forced: AbortSignal): Promise<void> {
    if (machine) {
      const { process, exited, cgroup, merged } = machine;
      // Not systemd-nspawn itself: the machine would live on without it.
      const end = (signal: number | NodeJS.Signals) => childrenOf(process.pid!).forEach((pid) => kill(pid, signal));
      const force = () => {
        end("SIGKILL");
        // Before the machine's PID 1 exists there is only the starter.
        if (childrenOf(process.pid!).length === 0) kill(process.pid!, "SIGKILL");
      };
      forced.addEventListener("abort", force, { once: true });
      if (grace > 0) end(powerOffSignal);
      const timer = setTimeout(force, grace);
      await exited;
      clearTimeout(timer);
      machine = undefined;
      await unmountOverlay(merged);
      removeCgroup(cgroup);
    }
    if (namespace) {
      unprotect();
      await allowMetadata(address, false);
      await namespace.remove();
      namespace = undefined;
    }
  }

  return { boot, powerOff, remove: () => rm(dir, { recursive: true, force: true }) };
}

/** Whether somebody listens on port 22 in the network namespace of a process. Its security groups need not let us in. */
function hasSshd(pid: number): boolean {
  try {
    return /^ *\d+: 00000000:0016 \S+ 0A /m.test(readFileSync(`/proc/${pid}/net/tcp`, "utf8"));
  } catch {
    return false;
  }
}
