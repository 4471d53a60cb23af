/** The two versions' handling of cgroups, on folders that look like theirs: nothing here is the kernel's. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { cgroupName, taskCgroupPrefix } from "../../../sandbox/config";
import { inDelegatedScope } from "../../../sandbox/world/cgroups";
import { parseHierarchies, sandboxCgroups, type Hierarchy } from "../../../sandbox/world/cgroups/hierarchies";
import { versionOne } from "../../../sandbox/world/cgroups/v1";
import { versionTwo } from "../../../sandbox/world/cgroups/v2";

const mebibytes = 1024 * 1024;
const task = `${taskCgroupPrefix}1`;
let root: string;
beforeEach(() => (root = mkdtempSync(path.join(os.tmpdir(), "cgroups-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));
const make = (...place: string[]) => mkdirSync(path.join(root, ...place), { recursive: true });
const read = (...place: string[]) => readFileSync(path.join(root, ...place), "utf8");
const write = (text: string, ...place: string[]) => writeFileSync(path.join(root, ...place), text);

describe("the hierarchies of cgroups", () => {
  const mount = (target: string, type: string, options: string[], place = "/") => ({
    root: place,
    target,
    type,
    options,
  });

  it("are read with a process's place in each that is mounted", () => {
    const mounts = [
      mount("/sys/fs/cgroup/cpu", "cgroup", ["rw", "cpu", "cpuacct"]),
      mount("/sys/fs/cgroup/unified", "cgroup2", ["rw"]),
      mount("/elsewhere", "cgroup", ["rw", "memory"], "/part"),
    ];
    expect(parseHierarchies("4:memory:/a\n3:cpu,cpuacct:/b\n0::/c:d\n", mounts)).to.deep.equal([
      { controllers: "cpu,cpuacct", mountPoint: "/sys/fs/cgroup/cpu", path: "/b" },
      { controllers: "", mountPoint: "/sys/fs/cgroup/unified", path: "/c:d" },
    ]);
  });
});

describe("cgroup v2", () => {
  const hierarchies = (): Hierarchy[] => [{ controllers: "", mountPoint: root, path: "/user.slice/session-1.scope" }];
  const cgroups = () => versionTwo(hierarchies);
  const handedOn = (...place: string[]) => read(...place, "cgroup.subtree_control");

  it("has the sandbox at the root where nobody has given it a place", () => {
    cgroups().create();
    const [{ dir }] = sandboxCgroups(hierarchies());
    expect(dir).to.equal(path.join(root, cgroupName));
    expect(handedOn()).to.equal("+cpu +memory +pids");
    expect(handedOn(cgroupName)).to.equal("+cpu +memory +pids");
    // Only cgroups without processes hand controllers on.
    expect(existsSync(cgroups().entry(dir))).to.equal(true);
    expect(cgroups().entry(dir)).not.to.equal(dir);
  });

  it("has it in the scope that it was started in, and nothing of it elsewhere", () => {
    make("system.slice", "run-1.scope", cgroupName, "daemon");
    cgroups().create();
    expect(handedOn("system.slice", "run-1.scope", cgroupName)).to.equal("+cpu +memory +pids");
    expect(handedOn("system.slice", "run-1.scope")).to.equal("+cpu +memory +pids");
    expect(existsSync(path.join(root, "cgroup.subtree_control"))).to.equal(false);
    expect(existsSync(path.join(root, cgroupName))).to.equal(false);
  });

  it("holds a task to its memory, without swap and container by container", () => {
    cgroups().create();
    const limited = cgroups().createTask("1", 512 * mebibytes);
    const file = (name: string) => read(cgroupName, task, name);
    expect(file("memory.max")).to.equal("536870912");
    expect(file("memory.swap.max")).to.equal("0");
    expect(file("cgroup.subtree_control")).to.contain("+memory");
    expect(limited.containerPath("app")).to.equal(`/${cgroupName}/${task}/app/processes`);
    expect(limited.memoryOf(7)).to.deep.equal({ memory: { limit: 7 }, unified: { "memory.swap.max": "0" } });
    // The kernel ends all of one container and nothing of the others.
    expect(file(path.join("app", "memory.oom.group"))).to.equal("1");
    expect(file(path.join("app", "cgroup.subtree_control"))).to.contain("+memory");
    expect(existsSync(path.join(root, cgroupName, task, "memory.oom.group"))).to.equal(false);
  });

  it("tells a container that the kernel has ended from one that came near its limit", () => {
    cgroups().create();
    const limited = cgroups().createTask("1", mebibytes);
    for (const name of ["app", "database"]) limited.containerPath(name);
    const events = (kills: number) => `low 0\nhigh 0\nmax 12\noom 1\noom_kill ${kills}\noom_group_kill 0\n`;
    write(events(0), cgroupName, task, "app", "memory.events");
    write(events(4), cgroupName, task, "database", "memory.events");
    expect([limited.outOfMemory("app"), limited.outOfMemory("database")]).to.deep.equal([false, true]);
  });

  it("has systemd start the sandbox in a scope where systemd is process 1, and only of this version", () => {
    expect(inDelegatedScope(["node", "x"], { unified: true, first: "systemd" }).join(" ")).to.match(
      /^systemd-run .*--property=Delegate=yes .*\/into-scope\.sh \S+ daemon node x$/,
    );
    expect(inDelegatedScope(["node", "x"], { unified: true, first: "sh" })).to.deep.equal(["node", "x"]);
    expect(inDelegatedScope(["node", "x"], { unified: false, first: "systemd" })).to.deep.equal(["node", "x"]);
  });
});

describe("cgroup v1", () => {
  const hierarchy = (controllers: string, folder: string): Hierarchy => ({
    controllers,
    mountPoint: path.join(root, folder),
    path: "/session",
  });
  const all = () => [hierarchy("memory", "memory"), hierarchy("cpuset", "cpuset"), hierarchy("", "unified")];
  const cgroups = () => versionOne(all);

  beforeEach(() => {
    for (const folder of ["memory", "cpuset", "unified"]) make(folder, "session");
    write("0-1\n", "cpuset", "session", "cpuset.cpus");
    write("0\n", "cpuset", "session", "cpuset.mems");
  });

  it("has the sandbox below its creator's place in each hierarchy, once", () => {
    cgroups().create();
    cgroups().create();
    const places = ["memory", "cpuset", "unified"].map((folder) => path.join(root, folder, "session", cgroupName));
    expect(sandboxCgroups(all()).map(({ dir }) => dir)).to.deep.equal(places);
    expect(cgroups().entry(places[0])).to.equal(places[0]);
  });

  it("knows a task's cgroup that runc has left in the unified hierarchy", () => {
    make("unified", task, "app");
    make("unified", "somebody's");
    expect(cgroups().strayTasks()).to.deep.equal([path.join(root, "unified", task)]);
  });

  describe("of a task", () => {
    let processes: Record<"small" | "large", ChildProcess>;
    beforeEach(() => (processes = { small: spawn("sleep", ["60"]), large: spawn("sleep", ["60"]) }));
    afterEach(() => Object.values(processes).forEach((one) => one.kill("SIGKILL")));

    it("limits its memory, and ends the container that holds most where it waits for more", async () => {
      cgroups().create();
      const place = ["memory", "session", cgroupName, task];
      const limited = cgroups().createTask("1", 512 * mebibytes);
      try {
        expect(read(...place, "memory.limit_in_bytes")).to.equal("536870912");
        // The kernel would end one process of it and let the rest go on.
        expect(read(...place, "memory.oom_control")).to.equal("1");
        expect(limited.containerPath("app")).to.equal(`${task}/app`);
        expect(limited.memoryOf(7)).to.deep.equal({ memory: { limit: 7, disableOOMKiller: true } });
        const told = () => [limited.outOfMemory("small"), limited.outOfMemory("large")];
        expect(told()).to.deep.equal([false, false]);

        const waiting = "oom_kill_disable 1\nunder_oom 1\n";
        for (const [index, [name, { pid }]] of Object.entries(processes).entries()) {
          make(...place, name);
          write(`${pid}\n`, ...place, name, "cgroup.procs");
          write(String(index * mebibytes), ...place, name, "memory.usage_in_bytes");
        }
        const [largeEnded, smallEnded] = [once(processes.large, "exit"), once(processes.small, "exit")];
        // At the task's limit.
        write(waiting, ...place, "memory.oom_control");
        expect(await largeEnded).to.deep.equal([null, "SIGKILL"]);
        expect(told()).to.deep.equal([false, true]);
        // At a container's own.
        write("under_oom 0\n", ...place, "memory.oom_control");
        write("", ...place, "large", "cgroup.procs");
        write(waiting, ...place, "small", "memory.oom_control");
        expect(await smallEnded).to.deep.equal([null, "SIGKILL"]);
        expect(told()).to.deep.equal([true, true]);
      } finally {
        // The files that the kernel would make go as these folders do not, so they are removed with the root.
        for (const file of ["memory.limit_in_bytes", "memory.oom_control", "small", "large"]) {
          rmSync(path.join(root, ...place, file), { recursive: true, force: true });
        }
        for (const file of ["cpuset.cpus", "cpuset.mems"]) {
          rmSync(path.join(root, "cpuset", "session", cgroupName, task, file), { force: true });
        }
        limited.remove();
      }
      expect(existsSync(path.join(root, ...place))).to.equal(false);
    });
  });
});
