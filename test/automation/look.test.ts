import { expect } from "chai";
import { PassThrough } from "node:stream";
import { refusal, thisMachine, whatIsMissing, type FileSystem, type Machine } from "../../scripts/look.mjs";
import { wantsReport } from "../../scripts/offer.mjs";

const versionOne = ["cpu", "memory", "devices", "freezer", "pids"]
  .map((name) => `cgroup /sys/fs/cgroup/${name} cgroup rw,relatime,${name} 0 0\n`)
  .join("");
const controllers = "/sys/fs/cgroup/cgroup.controllers";
const allCapabilities = "CapEff:\t000001ffffffffff\n";
const gibi = 1024 ** 3;

/** A machine on which nothing is missing, as Debian 13 boots. */
const machine = (over: Partial<Machine> = {}, files: Record<string, string> = {}): Machine => {
  const content: Record<string, string> = {
    "/proc/filesystems": "nodev\ttmpfs\nnodev\toverlay\n",
    "/proc/self/ns/net": "",
    "/dev/loop-control": "",
    [controllers]: "cpuset cpu io memory hugetlb pids rdma\n",
    "/run/systemd/system": "",
    "/proc/self/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n",
    "/proc/self/status": allCapabilities,
    "/proc/self/uid_map": "         0          0 4294967295\n",
    "/proc/meminfo": "MemTotal: 8000000 kB\nMemAvailable: 6000000 kB\nSwapFree: 0 kB\n",
    ...files,
  };
  return {
    platform: "linux",
    architecture: "x64",
    kernel: "6.12.118",
    userId: 0,
    env: {},
    home: "/root",
    project: "/root/clone",
    hasProgram: () => true,
    read: (file) => content[file] ?? "",
    exists: (file) => file in content,
    list: () => [],
    fileSystemOf: () => disk(),
    tryNamespaces: () => undefined,
    ...over,
  };
};

const disk = (over: Partial<FileSystem> = {}): FileSystem => ({
  target: "/",
  type: "ext4",
  options: ["rw", "relatime"],
  free: 20 * gibi,
  ...over,
});

/** The same without files. */
const without = (files: string[], more: Record<string, string> = {}): Machine => {
  const all = machine({}, more);
  return { ...all, exists: (file) => !files.includes(file) && all.exists(file) };
};

/** What is missing is this one thing. */
function only(one: Machine): string {
  const missing = whatIsMissing(one);
  expect(missing, missing.join("\n")).to.have.length(1);
  return missing[0];
}

describe("the look at a machine", () => {
  it("finds nothing missing on a machine that has all", () => {
    expect(whatIsMissing(machine())).to.deep.equal([]);
  });

  it("says only that the system is another one where it is, whatever else is missing", () => {
    const other = machine({ platform: "darwin", architecture: "arm64", userId: 501, hasProgram: () => false });
    expect(only(other)).to.contain("Linux on x86-64").and.contain("darwin on arm64");
  });

  it("names the programs that are missing, and their packages", () => {
    const said = only(machine({ hasProgram: (name) => !["flock", "nsenter", "tar"].includes(name) }));
    expect(said).to.equal("It needs flock, nsenter, tar. Install util-linux, tar.");
  });

  it("names the kernel's missing features", () => {
    const said = only(machine({}, { "/proc/filesystems": "nodev\ttmpfs\n" }));
    expect(said).to.contain("overlayfs").and.not.contain("veth");
  });

  it("tells all at once", () => {
    const missing = whatIsMissing(machine({ userId: 1000, hasProgram: () => false }));
    expect(missing).to.have.length(2);
    for (const sentence of missing) expect(refusal(missing)).to.contain(sentence);
  });

  it("reads of this machine what it is to judge", () => {
    const { project, read, list, exists, hasProgram } = thisMachine();
    expect(list(project)).to.include("package.json");
    expect([exists(project), read(`${project}/no/such/file`)]).to.deep.equal([true, ""]);
    expect([hasProgram("node"), hasProgram("no-such-program")]).to.deep.equal([true, false]);
  });
});

describe("the look at control groups", () => {
  it("takes those of version 1 where all are mounted", () => {
    expect(whatIsMissing(without([controllers], { "/proc/self/mounts": versionOne }))).to.deep.equal([]);
  });

  it("names those of version 1 that are missing, and the way to version 2", () => {
    const mounts = versionOne.replace(/.*memory.*\n/, "");
    const said = only(without([controllers], { "/proc/self/mounts": mounts }));
    expect(said).to.contain("(missing: memory)").and.contain("systemd.unified_cgroup_hierarchy=1");
  });

  it("names the controllers of version 2 that the kernel's command line has disabled", () => {
    const files = {
      [controllers]: "cpuset cpu io pids\n",
      "/proc/cmdline": "root=/dev/vda cgroup_disable=memory quiet\n",
    };
    expect(only(machine({}, files)))
      .to.contain("have no memory.")
      .and.contain("Boot without cgroup_disable=memory on");
  });

  it("refuses a container, unless systemd is its first process", () => {
    const container = { "/sys/fs/cgroup/cgroup.type": "domain\n" };
    expect(only(without(["/run/systemd/system"], container))).to.contain("container");
    expect(whatIsMissing(machine({}, container))).to.deep.equal([]);
  });

  it("refuses those of either version that nobody can write to", () => {
    const two = "cgroup /sys/fs/cgroup cgroup2 ro,nosuid,nodev,noexec 0 0\n";
    expect(only(machine({}, { "/proc/self/mounts": two }))).to.contain("read-only");
    const one = versionOne.replaceAll(" rw,", " ro,");
    expect(only(without([controllers], { "/proc/self/mounts": one }))).to.contain("read-only");
  });
});

describe("the look at rights", () => {
  const user = (over: Partial<Machine> = {}) => machine({ userId: 1000, ...over });

  it("asks for root, and says what for and how", () => {
    expect(only(user({ env: { npm_lifecycle_event: "start", PATH: "/bin" } })))
      .to.match(/It needs root: .* only root can make/)
      .and.match(/ Run: sudo env PATH="\$PATH" npm start$/);
    expect(only(user())).to.match(/ npm run sandbox -- up$/);
    expect(only(user({ env: { npm_lifecycle_event: "test" }, hasProgram: (name) => name !== "sudo" }))).to.match(
      / Run: su -c "env PATH='\$PATH' npm test"$/,
    );
  });

  it("keeps on the way to root what downloads need, and nothing else", () => {
    const env = {
      https_proxy: "http://user:secret@proxy",
      GOPROXY: "https://go.example.com",
      NO_PROXY: "",
      HOME: "/home/a",
    };
    const said = only(user({ env }));
    expect(said).to.contain('sudo env PATH="$PATH" https_proxy="$https_proxy" GOPROXY="$GOPROXY" npm');
    expect(said).to.not.contain("secret").and.not.contain("HOME=");
  });

  it("does not take root of a user namespace for root", () => {
    expect(only(machine({}, { "/proc/self/uid_map": "0 1000 1\n1 100000 65536\n" }))).to.contain("user namespace");
  });

  it("names the capabilities that a container's root lacks", () => {
    // Docker's, when nothing is asked for.
    const said = only(machine({}, { "/proc/self/status": "CapEff:\t00000000a80425fb\n" }));
    expect(said).to.contain("CAP_NET_ADMIN, CAP_SYS_ADMIN,").and.contain("privileged");
  });

  it("names the limits of namespaces that are too low, and the command that raises them", () => {
    const files = { "/proc/sys/user/max_net_namespaces": "0\n", "/proc/sys/user/max_pid_namespaces": "63\n" };
    expect(only(machine({}, { ...files, "/proc/sys/user/max_mnt_namespaces": "64\n" })))
      .to.contain("(user.max_net_namespaces = 0, user.max_pid_namespaces = 63)")
      .and.contain("sysctl -w user.max_net_namespaces=1024 user.max_pid_namespaces=1024");
  });

  it("repeats the kernel's own refusal, where there is no other reason for it", () => {
    const refused = machine({ tryNamespaces: () => "mount: permission denied" });
    expect(only(refused)).to.contain("(mount: permission denied)").and.contain("AppArmor");
    expect(only({ ...refused, userId: 1000 })).to.not.contain("permission denied");
  });
});

describe("the look at disk and memory", () => {
  const cached = ["locks", "host-8eb6c721b7320a19"];
  /** File systems by where they are mounted. */
  const mounted = (all: Record<string, Partial<FileSystem>>) => ({
    fileSystemOf(folder: string) {
      const target = Object.keys(all)
        .filter((place) => folder.startsWith(place))
        .sort()
        .at(-1);
      return disk({ target: target ?? "/", ...all[target ?? "/"] });
    },
  });

  it("says how much disk a first run needs, and where", () => {
    const said = only(machine(mounted({ "/": { free: 7 * gibi } })));
    expect(said).to.match(/needs 8\.\d GiB of disk on \/, which has 7\.0 GiB free/);
    for (const name of ["XDG_CACHE_HOME", "/root/.cache/go-build", "/root/clone/node_modules"])
      expect(said).to.contain(name);
  });

  it("needs less of it where the cache is filled and the packages are there", () => {
    const small = mounted({ "/": { free: gibi } });
    expect(whatIsMissing(machine({ ...small, list: () => cached }, { "/root/clone/node_modules": "" }))).to.deep.equal(
      [],
    );
    expect(only(machine({ ...small, list: () => cached }))).to.contain("/root/clone/node_modules");
  });

  it("counts each file system for itself", () => {
    const env = { XDG_CACHE_HOME: "/big/cache" };
    const both = mounted({ "/": { free: 2.2 * gibi }, "/big/": { free: 7 * gibi } });
    expect(whatIsMissing(machine({ ...both, env }))).to.deep.equal([]);
    expect(only(machine(both))).to.contain("of disk on /, which has 2.2 GiB");
  });

  it("names the folders from which no program can run", () => {
    const clone = mounted({ "/root/clone": { options: ["rw", "noexec"] } });
    expect(only(machine(clone)))
      .to.contain("noexec")
      .and.match(/for \/root\/clone\/node_modules\.$/);
    const cache = mounted({ "/c": { options: ["rw", "noexec"] } });
    expect(only(machine({ ...cache, env: { XDG_CACHE_HOME: "/c" } }))).to.contain("/c/gitlab-fargate-runners");
  });

  it("names the folders over which nothing can be mounted", () => {
    for (const type of ["overlay", "nfs4", "fuse.sshfs", "vfat"]) {
      const network = mounted({ "/root": { type } });
      expect(only(machine(network)))
        .to.contain(`of the type ${type}.`)
        .and.contain("XDG_CACHE_HOME")
        .and.contain("XDG_STATE_HOME");
    }
    for (const type of ["ext4", "xfs", "btrfs", "tmpfs", "zfs"]) {
      expect(whatIsMissing(machine(mounted({ "/root": { type } })))).to.deep.equal([]);
    }
  });

  it("says how much memory it needs, of a container's share too", () => {
    const facts = (available: number, swap: number) => ({
      "/proc/meminfo": `MemTotal: 4000000 kB\nMemAvailable: ${available} kB\nSwapFree: ${swap} kB\n`,
    });
    expect(only(machine({}, facts(1_500_000, 0)))).to.match(/needs 2\.9 GiB of memory, and 1\.4 GiB/);
    expect(whatIsMissing(machine({}, facts(1_500_000, 2_000_000)))).to.deep.equal([]);
    expect(whatIsMissing(machine({ list: () => cached }, facts(2_100_000, 0)))).to.deep.equal([]);
    const share = { "/sys/fs/cgroup/memory.max": `${gibi}\n` };
    expect(only(machine({}, share))).to.contain("1.0 GiB is to be had");
    expect(whatIsMissing(machine({}, { "/sys/fs/cgroup/memory.max": "max\n" }))).to.deep.equal([]);
  });
});

describe("the offer of what runs everywhere", () => {
  /** What somebody types on a terminal is taken for. */
  async function answered(typed: string | undefined, { terminal = true, env = {} } = {}) {
    const input = Object.assign(new PassThrough(), { isTTY: terminal });
    const output = Object.assign(new PassThrough(), { isTTY: terminal });
    if (typed === undefined) input.end();
    else input.write(typed);
    const wanted = await wantsReport({ input, output, env });
    return { wanted, asked: String(output.read() ?? "").includes("Show that report now?") };
  }

  it("asks on a terminal, and takes an end of the input for no", async () => {
    for (const typed of ["\n", "y\n", "Yes\n"]) {
      expect(await answered(typed), typed).to.deep.equal({ wanted: true, asked: true });
    }
    for (const typed of ["n\n", "what?\n", undefined]) {
      expect(await answered(typed), typed).to.deep.equal({ wanted: false, asked: true });
    }
  });

  it("asks nobody where nobody is there", async () => {
    const nobody = { wanted: false, asked: false };
    expect(await answered("\n", { terminal: false })).to.deep.equal(nobody);
    expect(await answered("\n", { env: { CI: "true" } })).to.deep.equal(nobody);
  });
});
