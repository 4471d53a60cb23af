/**
 * The guard of docker-entrypoint.sh, by a clock that the tests move: `date` stands still, and a `sleep` ends when it is
 * told to.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { awaitEnd, until } from "../support/processes";
import { createContainer, type Container } from "./container";

const now = 1_800_000_000;

/** Like sshd it ends at once when it is told to. */
const sshd = (at: Container["at"]) =>
  `echo up; trap 'echo ended; exit 0' TERM; until [ -e ${at("stop")} ]; do /bin/sleep 0.02; done; echo stayed`;

describe("guard", () => {
  let container: Container;
  let started: ChildProcess | undefined;
  let output: { stdout: string; stderr: string };

  beforeEach(() => {
    container = createContainer();
    const { at, program } = container;
    output = { stdout: "", stderr: "" };
    program("usr/sbin/sshd", sshd(at));
    program("bin/date", `echo ${now}`);
    // Pauses between attempts are real; limits are not. The parent is the part of the guard that waits.
    program(
      "bin/sleep",
      `[ "$1" = 1 ] && exec /bin/sleep 0.02
echo $PPID >${at("waiter")}-$1.new; mv ${at("waiter")}-$1.new ${at("waiter")}-$1
until [ -e ${at("passed")}-$1 ]; do /bin/sleep 0.02; done`,
    );
  });

  afterEach(() => {
    endGroup();
    container.remove();
  });

  /** As the end of a container's first process ends all others. */
  function endGroup(): void {
    try {
      if (started?.pid) process.kill(-started.pid, "SIGKILL");
    } catch {
      // All have ended.
    }
  }

  /** Starts the container and lets its sshd come up. */
  async function start(limits: Record<string, string>): Promise<void> {
    const { root, entrypoint, publicKey } = container;
    started = spawn("sh", [entrypoint], {
      env: { PATH: `${path.join(root, "bin")}:${process.env.PATH}`, SSH_PUBLIC_KEY: publicKey, ...limits },
      detached: true,
    });
    for (const name of ["stdout", "stderr"] as const) {
      started[name]!.setEncoding("utf8").on("data", (text: string) => (output[name] += text));
    }
    await until("sshd is up", () => output.stdout.includes("up\n"));
  }

  /** Lets that much time pass for the part of the guard that waits for it, and waits for what it does then. */
  async function pass(seconds: number): Promise<void> {
    const waiter = container.at(`waiter-${seconds}`);
    await until(`somebody waits for ${seconds} s`, () => existsSync(waiter));
    writeFileSync(container.at(`passed-${seconds}`), "");
    await awaitEnd(Number(readFileSync(waiter, "utf8")));
  }

  async function end(): Promise<{ stdout: string; stderr: string }> {
    await until("the container has ended", () => started!.exitCode !== null || started!.signalCode !== null);
    endGroup();
    if (!started!.stdout!.closed || !started!.stderr!.closed) await once(started!, "close");
    return output;
  }

  const session = () =>
    container.program("usr/sbin/sshd", `sh ${container.at("etc/ssh/sshrc")}\n${sshd(container.at)}`);

  it("ends a container that no session came to", async () => {
    await start({ FARGATE_GUARD_FIRST_SESSION: "60", FARGATE_GUARD_DEADLINE: String(now + 90) });
    await pass(60);
    expect(await end()).to.deep.equal({
      stdout: "up\nended\n",
      stderr: "docker-entrypoint: no SSH session came within 60 s: the container ends\n",
    });
  });

  it("lets one live that had a session, until its deadline", async () => {
    session();
    await start({ FARGATE_GUARD_FIRST_SESSION: "60", FARGATE_GUARD_DEADLINE: String(now + 90) });
    await pass(60);
    await pass(90);
    expect(await end()).to.deep.equal({
      stdout: "up\nended\n",
      stderr: "docker-entrypoint: the time of its job is over: the container ends\n",
    });
  });

  it("lets one live that is within all limits", async () => {
    session();
    await start({ FARGATE_GUARD_FIRST_SESSION: "60", FARGATE_GUARD_DEADLINE: String(now + 90) });
    await pass(60);
    writeFileSync(container.at("stop"), "");
    expect(await end()).to.deep.equal({ stdout: "up\nstayed\n", stderr: "" });
  });

  it("does not take an earlier start's session for one of this start", async () => {
    writeFileSync(container.at("run/ssh-session"), "");
    await start({ FARGATE_GUARD_FIRST_SESSION: "60" });
    await pass(60);
    expect((await end()).stdout).to.equal("up\nended\n");
  });

  /** sshd's children, as pgrep finds them by parent and name. */
  const connections = (there: boolean) =>
    container.program("bin/pgrep", `[ "$*" = "-P ${started!.pid!} sshd" ] || exit 2; ${there ? "echo 77" : "exit 1"}`);

  it("ends one whose driver has been away for long", async () => {
    session();
    await start({ FARGATE_GUARD_LAST_SESSION: "40" });
    connections(false);
    await pass(2);
    expect(await end()).to.deep.equal({
      stdout: "up\nended\n",
      stderr: "docker-entrypoint: no SSH session for 40 s, so the host of its job is gone: the container ends\n",
    });
  });

  for (const [what, set] of [
    ["whose driver is there", () => (session(), true)],
    ["that no driver has come to yet, which is another limit's", () => false],
  ] as const) {
    it(`lets one live ${what}`, async () => {
      const there = set();
      await start({ FARGATE_GUARD_LAST_SESSION: "40" });
      connections(there);
      // Each pause passes as soon as it begins, far more of them than the limit has.
      writeFileSync(container.at("passed-2"), "");
      const looks = container.at("looks");
      container.program("bin/sleep", `echo >>${looks}; exec /bin/sleep 0.001`);
      await until("many looks", () => existsSync(looks) && readFileSync(looks, "utf8").length > 60);
      writeFileSync(container.at("stop"), "");
      expect(await end()).to.deep.equal({ stdout: "up\nstayed\n", stderr: "" });
    });
  }

  it("is no business of sessions and of sshd", async () => {
    container.program("usr/sbin/sshd", "echo up; env");
    await start({
      FARGATE_GUARD_FIRST_SESSION: "60",
      FARGATE_GUARD_LAST_SESSION: "40",
      FARGATE_GUARD_DEADLINE: String(now + 90),
      FARGATE_GUARD_HOST: "0123",
    });
    expect((await end()).stdout).not.to.contain("GUARD_");
    expect(readFileSync(container.at("root/.ssh/environment"), "utf8")).not.to.contain("GUARD_");
  });
});
