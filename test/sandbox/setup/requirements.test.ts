import { expect } from "chai";
import { checkRequirements, type Machine } from "../../../sandbox/setup/requirements";

const hierarchies = ["cpu", "memory", "devices", "freezer", "pids"];

/** A machine on which nothing is missing. */
const machine = (over: Partial<Machine> = {}, files: Record<string, string> = {}): Machine => {
  const content: Record<string, string> = {
    "/proc/filesystems": "nodev\ttmpfs\nnodev\toverlay\n",
    "/proc/self/ns/net": "",
    "/proc/net/ip_tables_names": "",
    "/dev/loop-control": "",
    "/proc/self/mounts": hierarchies
      .map((name) => `cgroup /sys/fs/cgroup/${name} cgroup rw,relatime,${name} 0 0\n`)
      .join(""),
    ...files,
  };
  return {
    platform: "linux",
    architecture: "x64",
    userId: 0,
    hasProgram: () => true,
    read: (file) => content[file] ?? "",
    exists: (file) => file in content,
    goVersion: () => Promise.resolve("go1.26.8"),
    ...over,
  };
};

describe("checkRequirements", () => {
  it("finds nothing missing on a machine that has all", async () => {
    expect(await checkRequirements(machine())).to.deep.equal([]);
  });

  it("says only that the system is another one where it is, whatever else is missing", async () => {
    const missing = await checkRequirements(machine({ platform: "darwin", architecture: "arm64", userId: 501 }));
    expect(missing).to.have.length(1);
    expect(missing[0]).to.contain("Linux on x86-64").and.contain("darwin on arm64");
  });

  it("asks for root", async () => {
    expect((await checkRequirements(machine({ userId: 1000 }))).join()).to.match(/root.*sudo/);
  });

  it("asks for a distribution with apt-get", async () => {
    const missing = await checkRequirements(machine({ hasProgram: (name) => name !== "apt-get" }));
    expect(missing.join()).to.contain("apt-get");
  });

  for (const [found, fine] of [
    ["go1.26.8", true],
    ["go1.21.0", true],
    ["go2.0", true],
    ["go1.19.8", false],
    [undefined, false],
  ] as const) {
    it(`${fine ? "takes" : "refuses"} Go ${found ?? "that isn't there"}`, async () => {
      const missing = await checkRequirements(machine({ goVersion: () => Promise.resolve(found) }));
      expect(missing.length === 0).to.equal(fine);
      if (!fine)
        expect(missing.join())
          .to.contain("1.21")
          .and.contain(found ?? "none");
    });
  }

  it("names the control groups that are missing", async () => {
    const unified = { "/proc/self/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw,memory 0 0\n" };
    const missing = await checkRequirements(machine({}, unified));
    expect(missing).to.have.length(1);
    for (const name of ["memory", "pids"]) expect(missing[0]).to.contain(name);
    expect(missing[0]).to.contain("systemd.unified_cgroup_hierarchy=0");
  });

  it("names the kernel's missing features", async () => {
    const missing = await checkRequirements(machine({}, { "/proc/filesystems": "nodev\ttmpfs\n" }));
    expect(missing).to.have.length(1);
    expect(missing[0]).to.contain("overlayfs").and.not.contain("veth");
  });

  it("tells all at once", async () => {
    const missing = await checkRequirements(machine({ userId: 1000, goVersion: () => Promise.resolve(undefined) }));
    expect(missing).to.have.length(2);
  });
});
