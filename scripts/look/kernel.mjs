/** Features of the kernel, and its control groups. */

/** A module that isn't loaded yet counts when it can be. */
export function kernel(machine) {
  const folder = `/lib/modules/${machine.kernel}`;
  const modules = machine.read(`${folder}/modules.builtin`) + machine.read(`${folder}/modules.dep`);
  // A kernel without any list of modules has all that it has built in, not all of which shows under /sys.
  const hasModule = (name) =>
    modules === "" || machine.exists(`/sys/module/${name}`) || modules.includes(`/${name}.ko`);
  const features = {
    overlayfs: /\boverlay$/m.test(machine.read("/proc/filesystems")) || (modules !== "" && hasModule("overlay")),
    "network namespaces": machine.exists("/proc/self/ns/net"),
    nf_tables: hasModule("nf_tables"),
    bridges: hasModule("bridge"),
    "veth pairs": hasModule("veth"),
    "loop devices": machine.exists("/dev/loop-control") || (modules !== "" && hasModule("loop")),
  };
  const missing = Object.keys(features).filter((name) => !features[name]);
  return missing.length === 0
    ? []
    : [`The kernel lacks ${missing.join(", ")}. Load the modules by modprobe, or use Debian's own kernel.`];
}

/** Of either version, what tasks' limits take. Beside v1's, systemd-nspawn needs the unified hierarchy. */
const controllers = { v1: ["memory", "pids", "devices", "freezer", "cpu"], v2: ["memory", "pids", "cpu"] };

const root = "/sys/fs/cgroup";

/** https://docs.kernel.org/admin-guide/cgroup-v2.html */
export function cgroups(machine) {
  if (!machine.exists(`${root}/cgroup.controllers`)) return ofVersion1(machine);
  const here = machine.read(`${root}/cgroup.controllers`).trim().split(" ");
  const missing = controllers.v2.filter((name) => !here.includes(name));
  if (missing.length > 0) {
    const disabled = machine.read("/proc/cmdline").match(/\bcgroup_disable=\S+/)?.[0];
    const way = disabled ? `Boot without ${disabled} on the kernel's command line.` : "Use Debian's own kernel.";
    return [`The control groups at ${root} have no ${missing.join(", ")}. ${way}`];
  }
  // The root of all has no type. Another one has processes of its own and gives no limits below it, unless systemd
  // makes room.
  if (machine.exists(`${root}/cgroup.type`) && !machine.exists("/run/systemd/system")) {
    return ["In a container it needs one whose first process is systemd. Use a machine, virtual or not."];
  }
  return /^\S+ \/sys\/fs\/cgroup cgroup2 ro\b/m.test(machine.read("/proc/self/mounts")) ? [readOnly] : [];
}

const readOnly =
  `The control groups at ${root} are mounted read-only, as in containers that are not privileged. Use a privileged ` +
  "one, or a machine.";

function ofVersion1(machine) {
  const mounts = machine.read("/proc/self/mounts");
  const mount = (name) => new RegExp(`^\\S+ \\S+ cgroup (\\S*\\b${name}\\b\\S*)`, "m").exec(mounts)?.[1];
  const missing = controllers.v1.filter((name) => mount(name) === undefined);
  if (missing.length > 0) {
    return [
      `It needs control groups: those of version 2 at ${root}, or all of version 1 (missing: ${missing.join(", ")}). ` +
        "Boot with systemd.unified_cgroup_hierarchy=1 on the kernel's command line, which gives version 2.",
    ];
  }
  return controllers.v1.some((name) => /^ro\b/.test(mount(name))) ? [readOnly] : [];
}
