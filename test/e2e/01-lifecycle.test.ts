/** From nothing to nothing: the one command, every way it may end, and a machine that sees nothing of it meanwhile. */
import { expect } from "chai";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { execa } from "execa";
import { gitlabUrl, network, ports, projectDir, stateDir } from "../../sandbox/config";
import { readStatus } from "../../sandbox/control/client";
import { whatIsLeft } from "../../sandbox/world";
import { processesIn, sandboxCgroups } from "../../sandbox/world/cgroups";
import { kill } from "../../sandbox/world/processes";
import { traceExecs } from "../support/execs";
import { changes, leftIn, lookAtMachine, processesWith, type Machine } from "../support/machine";
import { cli, sandbox } from "../support/sandbox";
import { scratch } from "../support/scratch";
import { withFewPrograms } from "../support/few-programs";
import { until } from "../support/until";

/** As for everybody who has no network to share with it. */
const ownNetwork = { SANDBOX_NETWORK: "" };

/** As in many a company, where downloads take this way, and nothing in a sandbox can. */
const proxy = { http_proxy: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9" };

/** Starts the CLI in a process group of its own and resolves once its output holds the marker. */
async function startUntil(args: string[], marker: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--import", "tsx", cli, ...args], {
    cwd: projectDir,
    env: { ...process.env, ...ownNetwork, ...env },
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
  const env = { ...ownNetwork, ...proxy, STARTED_BY: folder.dir, TMPDIR: temporary };
  let earlier: Machine;
  let somebodyElse: { leave(): Promise<void> };
  let umask: number;

  before(
    "a machine whose network has other uses for all that the sandbox uses, and whose users' files are theirs",
    async () => {
      somebodyElse = await useTheMachine();
      umask = process.umask(0o077);
    },
  );
  after(async () => {
    process.umask(umask);
    await somebodyElse.leave();
  });

  beforeEach("look at the machine", async () => {
    mkdirSync(temporary, { recursive: true });
    earlier = await lookAtMachine();
  });
  after(() => folder.remove());

  /** Of the sandbox the machine has processes and cgroups, and nothing else. */
  async function expectMachineUntouched(): Promise<void> {
    const { cgroups, ...seen } = await lookAtMachine();
    expect(changes({ ...earlier, cgroups }, { ...seen, cgroups })).to.deep.equal([]);
  }

  async function expectNothingLeft(): Promise<void> {
    expect(whatIsLeft()).to.deep.equal([]);
    expect(changes(earlier, await lookAtMachine())).to.deep.equal([]);
    expect(processesWith(`STARTED_BY=${env.STARTED_BY}`)).to.deep.equal([]);
    expect(leftIn(temporary)).to.deep.equal([]);
  }

  it("deploys, runs the demo pipeline, shows logs and a table, leaves nothing, and no argument held a secret", async () => {
    // Whatever else it uses comes from its cache.
    const command = [withFewPrograms, process.execPath, "--import", "tsx", cli, "start"];
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

  it("leaves the machine alone while it runs, and nothing after Ctrl-C in the middle of the pipeline", async () => {
    const child = await startUntil(["start"], " : running", env);
    await expectMachineUntouched();
    process.kill(-child.pid!, "SIGINT");
    const [code] = await once(child, "exit");
    expect(code).to.equal(130);
    await expectNothingLeft();
  });

  it("leaves nothing running when the command itself is killed", async () => {
    const child = await startUntil(["start"], "services started", env);
    process.kill(-child.pid!, "SIGKILL");
    await nothingRuns();
    await expectMachineUntouched();
    expect((await sandbox(["down"], { env })).exitCode).to.equal(0);
    await expectNothingLeft();
  });

  it("leaves nothing when its daemon is killed", async () => {
    const child = await startUntil(["start"], "services started", env);
    process.kill((await readStatus())!.pid, "SIGKILL");
    const [code] = await once(child, "exit");
    expect(code).to.equal(1);
    await expectNothingLeft();
  });

  it("is one of several, each with a network and a state of its own", async () => {
    const other = { ...env, SANDBOX_NUMBER: `${process.env.SANDBOX_NUMBER ?? ""}1` };
    const [one, two] = await Promise.all([env, other].map((its) => startUntil(["start"], "services started", its)));
    const status = async (its: NodeJS.ProcessEnv) =>
      JSON.parse((await sandbox(["status", "--json"], { env: its })).stdout) as {
        up: boolean;
        pid: number;
        page: string;
      };
    const [first, second] = [await status(env), await status(other)];
    expect([first.up, second.up, first.pid === second.pid]).to.deep.equal([true, true, false]);
    // From outside of their networks, where a browser is.
    for (const { page } of [first, second]) expect((await fetch(page)).status).to.equal(200);
    for (const its of [env, other]) {
      const { stdout } = await sandbox(["exec", "curl", "--silent", "--head", gitlabUrl], { env: its });
      expect(stdout).to.match(/^HTTP\/1.1 /);
    }
    process.kill(-one.pid!, "SIGINT");
    await once(one, "exit");
    expect((await status(other)).pid).to.equal(second.pid);
    process.kill(-two.pid!, "SIGINT");
    await once(two, "exit");
    await expectNothingLeft();
  });
});

/**
 * Gives this network, which here is the machine's, what the sandbox has in its own: link and address, the addresses of AWS's
 * metadata, ports; and packet filters as Docker and firewalls set them.
 */
async function useTheMachine(): Promise<{ leave(): Promise<void> }> {
  const { bridge, gateway, prefixLength, metadata } = network;
  const policies = (policy: string) =>
    Promise.all(["INPUT", "FORWARD"].map((chain) => execa("iptables", ["-w", "-P", chain, policy])));
  await execa("ip", ["link", "add", bridge, "type", "bridge"]);
  await execa("ip", ["addr", "add", `${gateway}/${prefixLength}`, "dev", bridge]);
  // No address of its own choice, which would come into use only after a while.
  await execa("ip", ["link", "set", bridge, "addrgenmode", "none"]);
  await execa("ip", ["link", "set", bridge, "up"]);
  await execa("ip", ["addr", "add", `${metadata}/32`, "dev", "lo"]);
  await execa("ip", ["netns", "add", "gfrac1f0001"]);
  await policies("DROP");
  await execa("iptables", ["-w", "-A", "INPUT", "-i", "lo", "-j", "ACCEPT"]);
  const listeners = Object.values(ports).map((port) => net.createServer().listen(port));
  await Promise.all(listeners.map((listener) => once(listener, "listening")));
  return {
    async leave() {
      for (const listener of listeners) listener.close();
      await policies("ACCEPT");
      await execa("iptables", ["-w", "-F", "INPUT"]);
      await execa("ip", ["netns", "del", "gfrac1f0001"]);
      await execa("ip", ["addr", "del", `${metadata}/32`, "dev", "lo"]);
      await execa("ip", ["link", "del", bridge]);
    },
  };
}

/** The kernel ends what is in the namespaces, whose first process has ended. */
const nothingRuns = () =>
  until("no process of the sandbox to be left", () =>
    sandboxCgroups().every(({ dir }) => processesIn(dir).length === 0),
  );

/** Runners' and administrators' tokens; an OpenSSH key's first line, and its second. */
const secret = new RegExp(`glrt-|glpat-|BEGIN OPENSSH PRIVATE KEY|b3BlbnNzaC1rZXktdjE`);

describe("what executes on the sandbox", () => {
  it("is seen with its arguments, however short-lived", async () => {
    const token = "glrt-seen-for-five-ms";
    const { execs } = await traceExecs(["bash", "-c", `(exec -a ${token} sleep 0.005) & wait`], { cwd: "/" });
    expect(execs.at(-1)).to.deep.equal([token, "0.005"]);
  });
});

describe("a sandbox that was killed with all that belongs to it", () => {
  it("is told by status, and cleared by the next start", async () => {
    const child = await startUntil(["up"], "aws:ec2:Instance gitlab-runners-host creat", {});
    await until("the host to run", async () => (await readStatus())!.hosts.some(({ state }) => state === "running"));
    const { pid } = (await readStatus())!;
    const ofNamespaces = [pid, parentOf(pid), parentOf(parentOf(pid))];
    for (const target of [-child.pid!, ...ofNamespaces.reverse()]) kill(target, "SIGKILL");
    await nothingRuns();
    await until("the killed command's engine to be gone", () => engines().length === 0);
    const told = JSON.parse((await sandbox(["status", "--json"])).stdout);
    expect(told.up).to.equal(false);
    expect(told.left).to.include(stateDir);

    const { exitCode, all } = await sandbox(["up"]);
    expect(exitCode, all).to.equal(0);
    expect(all).to.contain("cleared what an earlier one left");
  });
});

const parentOf = (pid: number) => Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]);

/** Of the sandbox: other engines may run on this machine beside it. */
const engines = () => processesWith(`PULUMI_HOME=${path.join(stateDir, "pulumi-home")}`);
