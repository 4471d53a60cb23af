/** A container whose entry point runs, by a clock that a test moves and with connections that it opens and closes. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { awaitEnd, until } from "../support/processes";
import { createContainer } from "./container";

/** What `date` says, in seconds since 1970. */
export const now = 1_800_000_000;

export interface Ended {
  stdout: string;
  stderr: string;
  code: number | null;
}

export type StartedContainer = ReturnType<typeof createStartedContainer>;

export function createStartedContainer() {
  const container = createContainer();
  const { at, program, root } = container;
  let started: ChildProcess | undefined;
  const output = { stdout: "", stderr: "" };

  /** Like sshd it ends at once when it is told to. */
  const sshd = `echo up; trap 'echo ended; exit 0' TERM; until [ -e ${at("stop")} ]; do /bin/sleep 0.02; done; echo stayed`;
  program("usr/sbin/sshd", sshd);
  program("bin/date", `echo ${now}`);
  // Pauses of a second are real, but short, and counted; limits are not. The parent is the part of the guard that waits.
  program(
    "bin/sleep",
    `[ "$1" = 1 ] && echo >>${at("seconds")} && { [ ! -e ${at("each-second")} ] || . ${at("each-second")}; } &&
  exec /bin/sleep 0.02
echo $PPID >${at("waiter")}-$1.new; mv ${at("waiter")}-$1.new ${at("waiter")}-$1
until [ -e ${at("passed")}-$1 ]; do /bin/sleep 0.02; done`,
  );
  // The entry point asks for sshd's children, of sshd's name.
  program("bin/pgrep", `[ "$1 $3" = "-P sshd" ] || exit 2; [ -e ${at("connected")} ]`);
  program("bin/pkill", `echo "pkill $*"`);

  /** As the end of a container's first process ends all others. */
  function endGroup(): void {
    try {
      if (started?.pid) process.kill(-started.pid, "SIGKILL");
    } catch {
      // All have ended.
    }
  }

  return {
    ...container,
    /** Starts the container and lets its sshd come up. */
    async start(limits: Record<string, string>): Promise<void> {
      this.launch(limits);
      await until("sshd is up", () => output.stdout.includes("up\n"));
    },
    launch(limits: Record<string, string>): void {
      started = spawn("sh", [container.entrypoint], {
        env: { PATH: `${path.join(root, "bin")}:${process.env.PATH}`, SSH_PUBLIC_KEY: container.publicKey, ...limits },
        detached: true,
      });
      for (const name of ["stdout", "stderr"] as const) {
        started[name]!.setEncoding("utf8").on("data", (text: string) => (output[name] += text));
      }
    },
    /** Lets that much time pass for the part of the guard that waits for it, and waits for what it does then. */
    async pass(seconds: number): Promise<void> {
      const waiter = at(`waiter-${seconds}`);
      await until(`somebody waits for ${seconds} s`, () => existsSync(waiter));
      writeFileSync(at(`passed-${seconds}`), "");
      await awaitEnd(Number(readFileSync(waiter, "utf8")));
    },
    /** Lets every start have a first session. */
    session: () => program("usr/sbin/sshd", `sh ${at("etc/ssh/sshrc")}\n${sshd}`),
    connect: () => writeFileSync(at("connected"), ""),
    disconnect: () => rmSync(at("connected")),
    /** A script that runs in each of the seconds for which the entry point pauses. */
    eachSecond: (script: string) => writeFileSync(at("each-second"), `${script}\n`),
    /** For how many seconds the entry point has paused. */
    seconds: () => (existsSync(at("seconds")) ? readFileSync(at("seconds"), "utf8").length : 0),
    /** As ECS tells a container to stop. */
    terminate: () => process.kill(started!.pid!, "SIGTERM"),
    output,
    async end(): Promise<Ended> {
      await until("the container has ended", () => started!.exitCode !== null || started!.signalCode !== null);
      endGroup();
      if (!started!.stdout!.closed || !started!.stderr!.closed) await once(started!, "close");
      return { ...output, code: started!.exitCode };
    },
    remove(): void {
      endGroup();
      container.remove();
    },
  };
}
