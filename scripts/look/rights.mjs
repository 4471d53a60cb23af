/** Root, as the sandbox needs it: of the machine, and allowed to make namespaces and mounts. */

/** By number: capabilities(7). What containers lack that are not privileged, and without which nothing starts. */
const capabilities = { 12: "NET_ADMIN", 18: "SYS_CHROOT", 21: "SYS_ADMIN", 27: "MKNOD" };

/** Each task and each host has one of these: namespaces(7). */
const namespaces = ["mnt", "net", "pid", "ipc", "uts"];
/** As many as a host's jobs take at most, by default. */
const fewest = 64;

/** What makes downloads work behind a proxy or an authority of a company's own, which sudo would leave out. */
const ways = /^((https?|all|no)_proxy|GOPROXY|GOSUMDB|PIP_INDEX_URL|PIP_CERT|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS)$/i;

export function rights(machine) {
  if (machine.userId !== 0) return [needsRoot(machine)];
  if (!isMachinesRoot(machine)) {
    return [
      "Root here is root in a user namespace alone, as in a rootless container. Use a machine, virtual or not, or a " +
        "privileged container of its root's.",
    ];
  }
  const missing = missingCapabilities(machine);
  if (missing.length > 0) {
    return [
      `Root here lacks ${missing.join(", ")}, as in most containers. Use a machine, virtual or not, or a privileged ` +
        "container whose first process is systemd.",
    ];
  }
  const low = lowLimits(machine);
  return low.length > 0 ? low : refusedNamespaces(machine);
}

function needsRoot({ env, hasProgram }) {
  const command = { start: "npm start", test: "npm test" }[env.npm_lifecycle_event] ?? "npm run sandbox -- up";
  const kept = Object.keys(env).filter((name) => ways.test(name) && env[name]);
  const variables = ["PATH", ...kept].map((name) => `${name}="$${name}"`).join(" ");
  // For su the whole command is one word, which this shell has filled in.
  const way = hasProgram("sudo")
    ? `sudo env ${variables} ${command}`
    : `su -c "env ${variables.replace(/"/g, "'")} ${command}"`;
  return (
    "It needs root: the sandbox has a network, mounts and containers of its own, which only root can make. What " +
    `lies in the clone stays yours, all else goes to root's own folders. Run: ${way}`
  );
}

/** Format: user_namespaces(7), "/proc/pid/uid_map". */
const isMachinesRoot = ({ read }) => /^\s*(0\s+0\s+4294967295)?\s*$/.test(read("/proc/self/uid_map"));

function missingCapabilities({ read }) {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(read("/proc/self/status"))?.[1];
  if (mask === undefined) return [];
  const has = (number) => (BigInt(`0x${mask}`) >> BigInt(number)) & 1n;
  return Object.keys(capabilities)
    .filter((number) => !has(number))
    .map((number) => `CAP_${capabilities[number]}`);
}

function lowLimits({ read }) {
  const low = namespaces
    .map((name) => ({
      name: `user.max_${name}_namespaces`,
      value: read(`/proc/sys/user/max_${name}_namespaces`).trim(),
    }))
    .filter(({ value }) => value !== "" && Number(value) < fewest);
  if (low.length === 0) return [];
  const found = low.map(({ name, value }) => `${name} = ${value}`).join(", ");
  const more = low.map(({ name }) => `${name}=${fewest * 16}`).join(" ");
  return [`The kernel is told to allow too few namespaces (${found}). Allow more: sysctl -w ${more}`];
}

/** The last word has the kernel, and what AppArmor, SELinux or a seccomp filter tell it. */
function refusedNamespaces({ hasProgram, tryNamespaces }) {
  const said = hasProgram("unshare") ? tryNamespaces() : undefined;
  return said === undefined
    ? []
    : [
        `Root here cannot start a program with a network, mounts and processes of its own (${said}). In a container, ` +
          "use a privileged one, without seccomp and AppArmor profiles; else see what AppArmor or SELinux log.",
      ];
}
