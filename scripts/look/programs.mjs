/** Programs that bring all others (sandbox/world/enter.sh). */

/** Program → the package that has it; coreutils are everywhere. */
const needed = {
  ...Object.fromEntries(
    ["flock", "mount", "nsenter", "pivot_root", "umount", "unshare"].map((name) => [name, "util-linux"]),
  ),
  tar: "tar",
};

export function programs(machine) {
  const missing = Object.keys(needed).filter((name) => !machine.hasProgram(name));
  const packages = [...new Set(missing.map((name) => needed[name]))];
  return missing.length > 0 ? [`It needs ${missing.join(", ")}. Install ${packages.join(", ")}.`] : [];
}
