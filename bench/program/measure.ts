/** Runs the CLI and measures how long it takes and how much memory it and the program take. Linux only. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface Measured {
  seconds: number;
  /** Seconds of processor time of all of them, providers left out: other work on the machine changes it little. */
  cpu: number;
  /** Peak resident memory of the CLI and its language host, MiB. */
  engine: number;
  /** Peak resident memory of the program's Node process, MiB. */
  program: number;
}

/** @throws Error with the output where the command fails */
export async function measure(file: string, args: string[], options: { cwd: string; env: NodeJS.ProcessEnv }) {
  const started = process.hrtime.bigint();
  const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  // The kernel tells of no process's peak before its end, and nothing of it afterwards: it is asked on the way.
  const peaks = new Map<number, Usage>();
  const timer = setInterval(() => lookAt(child.pid!, peaks), 50);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  clearInterval(timer);
  if (code !== 0) throw new Error(`pulumi ${args.join(" ")}: exit code ${code}\n${output}`);
  const sum = (isWanted: (command: string) => boolean) =>
    [...peaks.values()].reduce((total, { command, peak }) => total + (isWanted(command) ? peak : 0), 0) / 1024;
  const isProgram = (command: string) => command.includes("@pulumi/pulumi/cmd/run");
  return {
    measured: {
      cpu: [...peaks.values()].reduce((total, { ticks }) => total + ticks, 0) / ticksPerSecond,
      seconds: Number(process.hrtime.bigint() - started) / 1e9,
      engine: sum((command) => !isProgram(command)),
      program: sum(isProgram),
    } satisfies Measured,
    output,
  };
}

interface Usage {
  command: string;
  /** KiB. */
  peak: number;
  /** Of processor time. */
  ticks: number;
}

/** USER_HZ, the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Notes the usage so far of a process and what it has started. */
function lookAt(root: number, peaks: Map<number, Usage>): void {
  for (const pid of familyOf(root)) {
    try {
      const peak = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      // A process that has started but not yet become what it is to be has its parent's command and memory.
      if (command.trim() !== "") peaks.set(pid, { command, peak, ticks: ticksOf(pid) });
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** The process and all that descend from it. */
function familyOf(root: number): number[] {
  const family = [root];
  for (let next = 0; next < family.length; next++) family.push(...childrenOf(family[next]));
  return family;
}

/** Any of a process's threads may have started some. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Fields 14 and 15 of proc_pid_stat(5): user and system time. The second field may hold spaces and parentheses. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
