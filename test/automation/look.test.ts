import { expect } from "chai";
import { refusal, whatIsMissing, type Machine } from "../../scripts/look.mjs";

const versionOne = ["cpu", "memory", "devices", "freezer", "pids"]
  .map((name) => `cgroup /sys/fs/cgroup/${name} cgroup rw,relatime,${name} 0 0\n`)
  .join("");
const controllers = "/sys/fs/cgroup/cgroup.controllers";

/** A machine on which nothing is missing, as Debian 13 boots. */
const machine = (over: Partial<Machine> = {}, files: Record<string, string> = {}): Machine => {
  const content: Record<string, string> = {
    "/proc/filesystems": "nodev\ttmpfs\nnodev\toverlay\n",
    "/proc/self/ns/net": "",
    "/proc/net/ip_tables_names": "",
    "/dev/loop-control": "",
    [controllers]: "cpuset cpu io memory hugetlb pids rdma\n",
    "/run/systemd/system": "",
    ...files,
  };
  return {
    platform: "linux",
    architecture: "x64",
    userId: 0,
    hasProgram: () => true,
    read: (file) => content[file] ?? "",
    exists: (file) => file in content,
    ...over,
  };
};

/** The same without files. */
const without = (files: string[], more: Record<string, string> = {}): Machine => {
  const all = machine({}, more);
  return { ...all, exists: (file) => !files.includes(file) && all.exists(file) };
};

describe("the look at a machine", () => {
  it("finds nothing missing on a machine that has all", () => {
    expect(whatIsMissing(machine())).to.deep.equal([]);
  });

  it("says only that the system is another one where it is, whatever else is missing", () => {
    const missing = whatIsMissing(machine({ platform: "darwin", architecture: "arm64", userId: 501 }));
    expect(missing).to.have.length(1);
    expect(missing[0]).to.contain("Linux on x86-64").and.contain("darwin on arm64");
  });

  it("asks for root", () => {
    expect(whatIsMissing(machine({ userId: 1000 })).join()).to.match(/root.*sudo/);
  });

  it("names the programs that are missing", () => {
    const missing = whatIsMissing(machine({ hasProgram: (name) => !["nsenter", "tar"].includes(name) }));
    expect(missing).to.deep.equal(["It needs nsenter, tar. Install util-linux, tar."]);
  });

  it("takes control groups of version 1 where all are mounted", () => {
    expect(whatIsMissing(without([controllers], { "/proc/self/mounts": versionOne }))).to.deep.equal([]);
  });

  it("names those of version 1 that are missing, and the way to version 2", () => {
    const mounts = versionOne.replace(/.*memory.*\n/, "");
    const missing = whatIsMissing(without([controllers], { "/proc/self/mounts": mounts }));
    expect(missing).to.have.length(1);
    expect(missing[0]).to.contain("(missing: memory)").and.contain("systemd.unified_cgroup_hierarchy=1");
  });

  it("names the controllers of version 2 that the kernel's command line has disabled", () => {
    const files = {
      [controllers]: "cpuset cpu io pids\n",
      "/proc/cmdline": "root=/dev/vda cgroup_disable=memory quiet\n",
    };
    const missing = whatIsMissing(machine({}, files));
    expect(missing).to.have.length(1);
    expect(missing[0]).to.contain("have no memory.").and.contain("Boot without cgroup_disable=memory on");
  });

  it("refuses a container, unless systemd is its first process", () => {
    const container = { "/sys/fs/cgroup/cgroup.type": "domain\n" };
    expect(whatIsMissing(without(["/run/systemd/system"], container)).join()).to.contain("container");
    expect(whatIsMissing(machine({}, container))).to.deep.equal([]);
  });

  it("names the kernel's missing features", () => {
    const missing = whatIsMissing(machine({}, { "/proc/filesystems": "nodev\ttmpfs\n" }));
    expect(missing).to.have.length(1);
    expect(missing[0]).to.contain("overlayfs").and.not.contain("veth");
  });

  it("tells all at once", () => {
    const missing = whatIsMissing(machine({ userId: 1000, hasProgram: () => false }));
    expect(missing).to.have.length(2);
    for (const sentence of missing) expect(refusal(missing)).to.contain(sentence);
  });
});
