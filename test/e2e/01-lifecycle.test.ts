/** From nothing to nothing: the one command, and every way it may end. */
import { expect } from "chai";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { projectDir, stateDir } from "../../sandbox/config";
import { readStatus } from "../../sandbox/control/client";
import { processesWhose } from "../../sandbox/world/processes";
import { traceExecs } from "../support/execs";
import { changes, leftIn, lookAtMachine, processesWith, type Machine } from "../support/machine";
import { cli, leftovers, nothing, sandbox } from "../support/sandbox";
import { scratch } from "../support/scratch";
import { until } from "../support/until";

/** Starts the CLI in a process group of its own and resolves once its output holds the marker. */
async function startUntil(args: string[], marker: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--import", "tsx", cli, ...args], {
    cwd: projectDir,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes(marker)) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Error(`it ended (${code}) before "${marker}":\n${output}`)));
  });
  return child;
}

describe("npm start", () => {
  const folder = scratch();
  const temporary = path.join(folder.dir, "tmp");
  /** All processes that come of a test get these variables from it, but for those that a host's systemd starts. */
  const env = { STARTED_BY: folder.dir, TMPDIR: temporary };
  let before: Machine;

  beforeEach("look at the machine", async () => {
    mkdirSync(temporary, { recursive: true });
    before = await lookAtMachine();
  });
  after(() => folder.remove());

  async function expectNothingLeft(): Promise<void> {
    expect(await leftovers()).to.deep.equal(nothing);
    expect(changes(before, await lookAtMachine())).to.deep.equal([]);
    expect(processesWith(`STARTED_BY=${env.STARTED_BY}`)).to.deep.equal([]);
    expect(leftIn(temporary)).to.deep.equal([]);
  }

  it("deploys, runs the demo pipeline, shows logs and a table, leaves nothing, and no argument held a secret", async () => {
    const command = [process.execPath, "--import", "tsx", cli, "start"];
    const { exitCode, all, execs } = await traceExecs(command, { cwd: projectDir, env });
    expect(exitCode, all).to.equal(0);
    expect(all).to.match(/job +status +exit code +failure reason +queued +duration/);
    expect(all).to.match(/exit-42 +failed +42 +script_failure/);
    expect(all).to.match(/cancelled +canceled/);
    expect(all).to.match(/Fargate tasks: (\d+) started, \1 stopped, 0 running/);
    expect(all).not.to.match(secret);
    await expectNothingLeft();

    // The engine, the driver on a host and what runs in a task were all seen.
    const lines = execs.map((args) => args.join(" "));
    for (const seen of [/^\S*pulumi up /, /^\/opt\/gitlab-runner\/fargate .*prepare/, /ci-agent/]) {
      expect(
        lines.some((line) => seen.test(line)),
        String(seen),
      ).to.equal(true);
    }
    expect(lines.filter((line) => secret.test(line))).to.deep.equal([]);
  });

  it("leaves nothing after Ctrl-C in the middle of the pipeline", async () => {
    const child = await startUntil(["start"], " : running", env);
    process.kill(-child.pid!, "SIGINT");
    const [code] = await once(child, "exit");
    expect(code).to.equal(130);
    await expectNothingLeft();
  });

  it("leaves nothing running when the command itself is killed", async () => {
    const child = await startUntil(["start"], "services started", env);
    const daemon = (await readStatus())!.pid;
    process.kill(-child.pid!, "SIGKILL");
    await processGone(daemon);
    expect((await leftovers()).processes).to.equal(0);
    expect((await sandbox(["down"], { env })).exitCode).to.equal(0);
    await expectNothingLeft();
  });
});

/** Runners' and administrators' tokens; an OpenSSH key's first line, and its second. */
const secret = new RegExp(`glrt-|glpat-|BEGIN OPENSSH PRIVATE KEY|b3BlbnNzaC1rZXktdjE`);

describe("what executes on the sandbox", () => {
  it("is seen with its arguments, however short-lived", async () => {
    const token = "glrt-seen-for-five-ms";
    const { execs } = await traceExecs(["bash", "-c", `(exec -a ${token} sleep 0.005) & wait`], { cwd: "/" });
    expect(execs.at(-1)).to.deep.equal([token, "0.005"]);
  });
});

describe("a sandbox whose daemon was killed", () => {
  it("is told by status, and healed by the next start", async () => {
    const child = await startUntil(["up"], "aws:ec2:Instance gitlab-runners-host creat", {});
    await until("the host to run", async () => (await readStatus())!.hosts.some(({ state }) => state === "running"));
    const { pid } = (await readStatus())!;
    process.kill(-child.pid!, "SIGKILL");
    process.kill(pid, "SIGKILL");
    await processGone(pid);
    const told = JSON.parse((await sandbox(["status", "--json"])).stdout);
    expect(told.up).to.equal(false);
    expect(told.left.processes, "moto, the host and the registry live on").to.be.greaterThan(0);

    const { exitCode, all } = await sandbox(["up"]);
    expect(exitCode, all).to.equal(0);
    expect(all).to.contain("cleared what an earlier one left");
    const languageHosts = processesWhose((args) => args.some((text) => text.endsWith("/pulumi-language-nodejs")));
    const engine = languageHosts.filter(worksOnSandbox);
    expect(engine, "the killed command's engine is gone, and the second one's has ended").to.deep.equal([]);
  });
});

/** Other engines may run on this machine beside the sandbox's. */
function worksOnSandbox(pid: number): boolean {
  try {
    const home = `PULUMI_HOME=${path.join(stateDir, "pulumi-home")}`;
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(home);
  } catch {
    return false; // It has ended meanwhile.
  }
}

/** Resolves when the process is gone. Not a child of ours, so its end is no event: the kernel is asked. */
const processGone = (pid: number) =>
  until(`process ${pid} to be gone`, () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
