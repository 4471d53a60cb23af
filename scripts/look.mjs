/**
 * What keeps the sandbox from running on a machine. Looked for before anything is fetched or changed, so this is plain
 * JavaScript without dependencies, for whatever Node the machine has.
 */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import path from "node:path";

/** The folders in which administrators' programs lie, on PATH or not. */
const systemFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"];

/** Whether a program is on PATH or where administrators' programs are. */
function hasProgram(name) {
  const folders = [...(process.env.PATH ?? "").split(path.delimiter).filter(Boolean), ...systemFolders];
  return folders.some((folder) => {
    try {
      accessSync(path.join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const thisMachine = {
  platform: process.platform,
  architecture: process.arch,
  userId: process.getuid?.() ?? -1,
  hasProgram,
  read: (file) => (existsSync(file) ? readFileSync(file, "utf8") : ""),
  exists: existsSync,
};

/** Of either version, what tasks' limits take. Beside v1's, systemd-nspawn needs the unified hierarchy. */
const controllers = { v1: ["memory", "pids", "devices", "freezer", "cpu"], v2: ["memory", "pids", "cpu"] };

/** Sentences, each with the way out; none when all is there. */
export function whatIsMissing(machine = thisMachine) {
  if (machine.platform !== "linux" || machine.architecture !== "x64") {
    return [
      `It needs Linux on x86-64; this is ${machine.platform} on ${machine.architecture}. ` +
        "Use a Debian machine, virtual or not.",
    ];
  }
  return [...rights(machine), ...programs(machine), ...kernel(machine), ...cgroups(machine)];
}

/** What the user reads. */
export const refusal = (missing) =>
  ["The sandbox cannot run on this machine:", ...missing.map((line) => `  - ${line}`)].join("\n") +
  "\nNothing has been changed. The unit tests run everywhere: npm run test:unit";

function rights({ userId }) {
  return userId === 0
    ? []
    : ['It needs root, for network namespaces, mounts and containers. Run the command by sudo -E env PATH="$PATH".'];
}

/** Programs that bring all others (sandbox/world/enter.sh), and the packages that have them; coreutils are everywhere. */
const needed = {
  ...Object.fromEntries(
    ["flock", "mount", "nsenter", "pivot_root", "umount", "unshare"].map((name) => [name, "util-linux"]),
  ),
  tar: "tar",
};

function programs(machine) {
  const missing = Object.keys(needed).filter((name) => !machine.hasProgram(name));
  const packages = [...new Set(missing.map((name) => needed[name]))];
  return missing.length > 0 ? [`It needs ${missing.join(", ")}. Install ${packages.join(", ")}.`] : [];
}

/** Features of the kernel; a module that isn't loaded yet counts when it can be. */
function kernel(machine) {
  const folder = `/lib/modules/${release()}`;
  const modules = machine.read(`${folder}/modules.builtin`) + machine.read(`${folder}/modules.dep`);
  // A kernel without any list of modules has all that it has built in, not all of which shows under /sys.
  const hasModule = (name) =>
    modules === "" || machine.exists(`/sys/module/${name}`) || modules.includes(`/${name}.ko`);
  const features = {
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

/** https://docs.kernel.org/admin-guide/cgroup-v2.html */
function cgroups(machine) {
  const root = "/sys/fs/cgroup";
  if (!machine.exists(`${root}/cgroup.controllers`)) return cgroupsOfVersion1(machine);
  const here = machine.read(`${root}/cgroup.controllers`).trim().split(" ");
  const missing = controllers.v2.filter((name) => !here.includes(name));
  if (missing.length > 0) {
    const disabled = machine.read("/proc/cmdline").match(/\bcgroup_disable=\S+/)?.[0];
    const way = disabled ? `Boot without ${disabled} on the kernel's command line.` : "Use Debian's own kernel.";
    return [`The control groups at ${root} have no ${missing.join(", ")}. ${way}`];
  }
  // The root of all has no type. Another one has processes of its own and gives no limits below it, unless systemd makes room.
  return machine.exists(`${root}/cgroup.type`) && !machine.exists("/run/systemd/system")
    ? ["In a container it needs one whose first process is systemd. Use a machine, virtual or not."]
    : [];
}

function cgroupsOfVersion1(machine) {
  const mounts = machine.read("/proc/self/mounts");
  const missing = controllers.v1.filter((name) => !new RegExp(`^\\S+ \\S+ cgroup \\S*\\b${name}\\b`, "m").test(mounts));
  return missing.length === 0
    ? []
    : [
        `It needs control groups: those of version 2 at /sys/fs/cgroup, or all of version 1 (missing: ${missing.join(", ")}). ` +
          "Boot with systemd.unified_cgroup_hierarchy=1 on the kernel's command line, which gives version 2.",
      ];
}
