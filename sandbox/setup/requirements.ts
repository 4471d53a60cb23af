/** What the machine itself must offer: checked before anything is changed. */
import { existsSync, readFileSync } from "node:fs";
import * as os from "node:os";
import { goCommand } from "./go";
import { hasProgram } from "./packages";
import { query } from "./build-log";

/** What the checks look at; tests put in their own. */
export interface Machine {
  platform: string;
  architecture: string;
  userId: number;
  hasProgram(name: string): boolean;
  /** Content of a file, empty when there is none. */
  read(file: string): string;
  exists(file: string): boolean;
  /** "go1.26.8", or nothing where Go doesn't run. */
  goVersion(): Promise<string | undefined>;
}

const thisMachine: Machine = {
  platform: process.platform,
  architecture: process.arch,
  userId: process.getuid?.() ?? -1,
  hasProgram,
  read: (file) => (existsSync(file) ? readFileSync(file, "utf8") : ""),
  exists: existsSync,
  goVersion: async () => {
    try {
      // The machine's own version, which only has to be able to fetch the pinned one.
      return await query(goCommand(), ["env", "GOVERSION"], { GOTOOLCHAIN: "local" });
    } catch {
      return undefined;
    }
  },
};

/** The first Go that fetches other toolchains itself. */
const oldestGo = [1, 21] as const;

/** Cgroup v1 hierarchies that tasks' limits use. runc 1.1 and systemd-nspawn side by side need the hybrid layout. */
const hierarchies = ["memory", "pids", "devices", "freezer", "cpu"];

/**
 * Finds out what keeps the sandbox from running here.
 * @returns sentences, each with the way out; none when all is there
 */
export async function checkRequirements(machine: Machine = thisMachine): Promise<string[]> {
  if (machine.platform !== "linux" || machine.architecture !== "x64") {
    return [
      `It needs Linux on x86-64; this is ${machine.platform} on ${machine.architecture}. ` +
        "Use a Debian 12 machine, virtual or not.",
    ];
  }
  return [...rights(machine), ...programs(machine), ...(await go(machine)), ...kernel(machine), ...cgroups(machine)];
}

function rights(machine: Machine): string[] {
  return machine.userId === 0
    ? []
    : ['It needs root, for network namespaces, mounts and containers. Run the command by sudo -E env PATH="$PATH".'];
}

function programs(machine: Machine): string[] {
  if (!machine.hasProgram("flock") || !machine.hasProgram("unshare")) {
    return ["It needs flock and unshare. Install util-linux."];
  }
  return machine.hasProgram("apt-get")
    ? []
    : ["It installs what it needs by apt-get, which isn't here. Use Debian 12 or a relative of it."];
}

async function go(machine: Machine): Promise<string[]> {
  const answer = await machine.goVersion();
  const [, major, minor] = answer?.match(/^go(\d+)\.(\d+)/) ?? [];
  const found = [Number(major), Number(minor)] as const;
  if (major && (found[0] > oldestGo[0] || (found[0] === oldestGo[0] && found[1] >= oldestGo[1]))) return [];
  return [
    `It needs Go ${oldestGo.join(".")} or later (found: ${answer ?? "none"}), which fetches the version that is used. ` +
      "Install it from https://go.dev/dl into /usr/local/go.",
  ];
}

/** Features of the kernel; a module that isn't loaded yet counts when it can be. */
function kernel(machine: Machine): string[] {
  const folder = `/lib/modules/${os.release()}`;
  const modules = machine.read(`${folder}/modules.builtin`) + machine.read(`${folder}/modules.dep`);
  // A kernel without any list of modules has all that it has built in, not all of which shows under /sys.
  const hasModule = (name: string) =>
    modules === "" || machine.exists(`/sys/module/${name}`) || modules.includes(`/${name}.ko`);
  const features: Record<string, boolean> = {
    overlayfs: /\boverlay$/m.test(machine.read("/proc/filesystems")) || (modules !== "" && hasModule("overlay")),
    "network namespaces": machine.exists("/proc/self/ns/net"),
    iptables: machine.exists("/proc/net/ip_tables_names") || hasModule("nf_tables") || hasModule("ip_tables"),
    bridges: hasModule("bridge"),
    "veth pairs": hasModule("veth"),
    "loop devices": machine.exists("/dev/loop-control") || (modules !== "" && hasModule("loop")),
  };
  const missing = Object.keys(features).filter((name) => !features[name]);
  return missing.length === 0
    ? []
    : [`The kernel lacks ${missing.join(", ")}. Load the modules by modprobe, or use Debian's own kernel.`];
}

function cgroups(machine: Machine): string[] {
  const mounts = machine.read("/proc/self/mounts");
  const missing = hierarchies.filter((name) => !new RegExp(`^\\S+ \\S+ cgroup \\S*\\b${name}\\b`, "m").test(mounts));
  return missing.length === 0
    ? []
    : [
        `The control groups ${missing.join(", ")} aren't mounted in their version 1 layout. ` +
          "Boot with systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=0 on the kernel's command line.",
      ];
}
