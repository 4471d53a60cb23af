/** Room for what the sandbox makes: disk, memory, and file systems that can hold it. */
import path from "node:path";

const mebi = 1024 * 1024;

/**
 * MiB, as measured; a first run's are of what it downloads and builds. A run with all of it in the cache takes what its
 * state takes.
 */
const disk = {
  first: { cache: 5400, "Go's build cache": 1400, npm: 300 },
  packages: 700,
  state: 1000,
};
const memory = { first: 3000, later: 2000 };

/** The kernel takes none of these as the upper layer of an overlay: docs.kernel.org/filesystems/overlayfs.html */
const noUpperLayer =
  /^(overlay|aufs|nfs4?|cifs|smb3?|9p|virtiofs|v?fat|exfat|ntfs3?|ecryptfs|fuse(\..*|blk)?|iso9660|squashfs)$/;

/** The folders that are filled, under the names in which people know them. */
function folders({ env, home, project }) {
  const cacheHome = env.XDG_CACHE_HOME || path.join(home, ".cache");
  const stateHome = env.XDG_STATE_HOME || path.join(home, ".local", "state");
  return {
    cache: path.join(cacheHome, "gitlab-fargate-runners"),
    state: path.join(stateHome, "gitlab-fargate-runners"),
    "Go's build cache": env.GOCACHE || path.join(cacheHome, "go-build"),
    npm: path.join(home, ".npm"),
    packages: path.join(project, "node_modules"),
  };
}

export const room = (machine) => [...fileSystems(machine), ...diskSpace(machine), ...memorySpace(machine)];

function fileSystems(machine) {
  const { cache, state, packages } = folders(machine);
  const isRefused = (folder, test) => test(machine.fileSystemOf(folder));
  const name = (all) => all.map(({ folder, way }) => `${folder}${way ? ` (${way})` : ""}`).join(", ");
  const own = [
    { folder: cache, way: "or where XDG_CACHE_HOME says" },
    { folder: state, way: "or where XDG_STATE_HOME says" },
  ];
  const noExec = [...own, { folder: packages }].filter(({ folder }) =>
    isRefused(folder, ({ options }) => options.includes("noexec")),
  );
  const noLayers = own.filter(({ folder }) => isRefused(folder, ({ type }) => noUpperLayer.test(type)));
  return [
    ...(noExec.length > 0
      ? [`Programs cannot run from a file system that is mounted with noexec. Have another one for ${name(noExec)}.`]
      : []),
    ...(noLayers.length > 0
      ? [
          "An overlay cannot be mounted over a file system of the type " +
            `${[...new Set(noLayers.map(({ folder }) => machine.fileSystemOf(folder).type))].join(", ")}. ` +
            `Have one as ext4, xfs or btrfs for ${name(noLayers)}.`,
        ]
      : []),
  ];
}

/** The last artifact that a first run makes. */
const isFirst = (machine) => !machine.list(folders(machine).cache).some((name) => /^host-[0-9a-f]+$/.test(name));

function diskSpace(machine) {
  const places = folders(machine);
  const wanted = {
    ...(isFirst(machine) ? disk.first : {}),
    ...(machine.exists(places.packages) ? {} : { packages: disk.packages }),
    state: disk.state,
  };
  const byFileSystem = new Map();
  for (const [name, size] of Object.entries(wanted)) {
    const { target, free } = machine.fileSystemOf(places[name]);
    const found = byFileSystem.get(target) ?? { free, size: 0, folders: [] };
    byFileSystem.set(target, { free, size: found.size + size, folders: [...found.folders, places[name]] });
  }
  return [...byFileSystem]
    .filter(([, { free, size }]) => free < size * mebi)
    .map(
      ([target, { free, size, folders: all }]) =>
        `It needs ${gibi(size)} of disk on ${target}, which has ${gibi(free / mebi)} free, for ${all.join(", ")}. ` +
        "Make room there, or name other folders by XDG_CACHE_HOME and XDG_STATE_HOME.",
    );
}

const gibi = (size) => `${(size / 1024).toFixed(1)} GiB`;

function memorySpace(machine) {
  const facts = machine.read("/proc/meminfo");
  const fact = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(facts)?.[1] ?? Infinity) / 1024;
  // Of a container: the machine's own control group has no limit.
  const limit = ["memory.max", "memory/memory.limit_in_bytes"]
    .map((name) => Number.parseInt(machine.read(`/sys/fs/cgroup/${name}`)) / mebi)
    .filter((value) => !Number.isNaN(value));
  const free = Math.min(fact("MemAvailable") + (fact("SwapFree") || 0), ...limit);
  const size = isFirst(machine) ? memory.first : memory.later;
  return free >= size
    ? []
    : [`It needs ${gibi(size)} of memory, and ${gibi(free)} is to be had. End other programs, or add memory or swap.`];
}
