/** What a stage costs while it runs and is silent, which is most of a long job's time: several at once, for a while. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Section } from "../lib/benchmark";
import { against, plainly } from "../lib/report";
import type { Bed } from "./bed";
import type { Invocation } from "./measure";
import { onTask } from "./on-task";
import { plainSsh } from "./plain-ssh";
import { cpuTime, memory, processesCalled } from "./processes";

const atOnce = 5;
/** In ms: two of the driver's keepalive intervals (SSH.KeepAliveInterval). */
const span = 30_000;
const keepAlive = "ServerAliveInterval=15";

const line = "echo started; exec sleep 100000";

export function runningStage(bed: Bed): Promise<Section> {
  const script = bed.file("long-script", `#!/usr/bin/env bash\n${line}\n`);
  return onTask(bed, async (job, access) => {
    const drivers: ChildProcess[] = [];
    const clients: ChildProcess[] = [];
    try {
      for (let i = 0; i < atOnce; i++) {
        drivers.push(await started(job.run(script)));
        clients.push(await started(plainSsh(access, line, { options: [keepAlive] })));
      }
      bed.endpoint.take();
      const before = drivers.map(({ pid }) => cpuTime(pid!));
      await sleep(span, undefined, { signal: bed.signal });
      const used = drivers.map(({ pid }, i) => ((cpuTime(pid!) - before[i]) / span) * 60_000);
      const calls = Object.values(bed.endpoint.take()).reduce((sum, count) => sum + count, 0);
      const of = (children: ChildProcess[], part: "resident" | "own") => children.map(({ pid }) => memory(pid!)[part]);
      const agents = processesCalled("ci-agent").reduce((sum, pid) => sum + memory(pid).own, 0) / atOnce;
      const name = "plain ssh";
      return {
        title: `A stage that runs and is silent, ${atOnce} at once for ${span / 1000} s`,
        measurements: [
          against("driver, memory", "MiB", of(drivers, "resident"), { name, values: of(clients, "resident") }),
          against("driver, memory of its own", "MiB", of(drivers, "own"), { name, values: of(clients, "own") }),
          plainly("ci-agent in the task, of its own", "MiB", [agents]),
          plainly("driver, CPU time per minute", "ms", used),
          plainly(`calls to AWS, all ${atOnce}`, "calls", [calls]),
        ],
        notes: ["Memory of its own is what another one takes in addition: pages that processes share are not in it."],
      };
    } finally {
      await Promise.all([...drivers, ...clients].map(end));
    }
  });
}

/** Resolves when the stage's first line has come. */
async function started({ program, args, env }: Invocation): Promise<ChildProcess> {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let complaints = "";
  child.stderr!.setEncoding("utf8").on("data", (chunk: string) => (complaints += chunk));
  const exited = once(child, "exit");
  const output = await Promise.race([once(child.stdout!, "data").then(String), exited.then(() => "")]);
  if (!output.includes("started")) throw new Error(`${program} ${args.join(" ")} did not start:\n${complaints}`);
  child.stdout!.resume();
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}
