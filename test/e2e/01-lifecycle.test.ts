/** From nothing to nothing: the one command, and every way it may end. */
import { expect } from "chai";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { projectDir } from "../../sandbox/config";
import { readStatus } from "../../sandbox/control/client";
import { cli, leftovers, nothing, sandbox } from "../support/sandbox";

/** Starts the CLI in a process group of its own and resolves once its output holds the marker. */
async function startUntil(args: string[], marker: string): Promise<{ child: ChildProcess; output: () => string }> {
  const child = spawn(process.execPath, ["--import", "tsx", cli, ...args], {
    cwd: projectDir,
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
  return { child, output: () => output };
}

describe("npm start", () => {
  it("deploys, runs the demo pipeline, shows logs and a table, and leaves nothing", async () => {
    const { exitCode, all } = await sandbox(["start"]);
    expect(exitCode, all).to.equal(0);
    expect(all).to.match(/job +status +exit code +failure reason +queued +duration/);
    expect(all).to.match(/exit-42 +failed +42 +script_failure/);
    expect(all).to.match(/cancelled +canceled/);
    expect(all).to.match(/Fargate tasks: (\d+) started, \1 stopped, 0 running/);
    expect(all).not.to.match(/glrt-|glpat-|BEGIN OPENSSH PRIVATE KEY/);
    expect(await leftovers()).to.deep.equal(nothing);
  });

  it("leaves nothing after Ctrl-C in the middle of the pipeline", async () => {
    const { child } = await startUntil(["start"], " : running");
    process.kill(-child.pid!, "SIGINT");
    const [code] = await once(child, "exit");
    expect(code).to.equal(130);
    expect(await leftovers()).to.deep.equal(nothing);
  });

  it("leaves nothing running when the command itself is killed", async () => {
    const { child } = await startUntil(["start"], "services started");
    const daemon = (await readStatus())!.pid;
    process.kill(-child.pid!, "SIGKILL");
    await processGone(daemon);
    expect((await leftovers()).processes).to.equal(0);
    expect((await sandbox(["down"])).exitCode).to.equal(0);
    expect(await leftovers()).to.deep.equal(nothing);
  });
});

describe("a sandbox whose daemon was killed", () => {
  it("is told by status, and healed by the next start", async () => {
    expect((await sandbox(["up"])).exitCode).to.equal(0);
    const { pid } = (await readStatus())!;
    process.kill(pid, "SIGKILL");
    await processGone(pid);
    const told = JSON.parse((await sandbox(["status", "--json"])).stdout);
    expect(told.up).to.equal(false);
    expect(told.left.processes, "moto, the host and the registry live on").to.be.greaterThan(0);

    const { exitCode, all } = await sandbox(["up"]);
    expect(exitCode, all).to.equal(0);
    expect(all).to.contain("cleared what an earlier one left");
    expect((await sandbox(["down"])).exitCode).to.equal(0);
    expect(await leftovers()).to.deep.equal(nothing);
  });
});

/** Resolves when the process is gone. Not a child of ours, so its end is no event: the kernel is asked. */
async function processGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
