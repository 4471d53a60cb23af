/** What a person types who looks around in a sandbox that stays up: the fleet's commands, the demo, and mistakes. */
import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { execa } from "execa";
import { gitlabUrl, projectDir, stackName } from "../../sandbox/config";
import { demoFile } from "../../sandbox/demo-run";
import { processesWhose } from "../../sandbox/world/processes";
import { withFewPrograms } from "../support/few-programs";
import { cli, sandbox, status, useSandbox } from "../support/sandbox";
import { stackFile } from "../support/stack";
import { until } from "../support/until";

/** `npm run NAME -- ARGS --stack sandbox` from a shell that knows nothing of the sandbox. */
async function npmRun(name: string, ...args: string[]) {
  const entry = path.join(projectDir, "scripts", "fleet.ts");
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(PULUMI|AWS|GITLAB)_/.test(key)));
  const options = { cwd: projectDir, env, extendEnv: false, reject: false, all: true, stdin: "ignore" } as const;
  const command = ["--import", "tsx", entry, name, ...args, "--stack", stackName];
  const { exitCode, stdout, all } = await execa(process.execPath, command, options);
  expect(exitCode, all).to.equal(0);
  return { stdout, all };
}

const descriptions = async () => (await status()).runners.map(({ description }) => description);

describe("the fleet's commands on a sandbox that is up", () => {
  useSandbox();
  const before = readFileSync(stackFile, "utf8");
  after(() => writeFileSync(stackFile, before));

  it("show, add, deploy and take back a group, as on AWS", async () => {
    await npmRun("add-group", "acme/frontend");
    const { stdout } = await npmRun("preview", "--markdown", "-");
    expect(stdout).to.match(/^### Preview of stack <code>sandbox<\/code>\n\n\*\*Adds 1 runner for acme\/frontend, /);
    await npmRun("deploy");
    expect(await descriptions()).to.have.members(["acme/backend", "acme/frontend"]);

    await npmRun("remove-group", "acme/frontend");
    expect(readFileSync(stackFile, "utf8")).to.equal(before);
    await npmRun("deploy");
    expect(await descriptions()).to.deep.equal(["acme/backend"]);
  });
});

describe("sandbox run", () => {
  useSandbox();

  it("runs the demo as npm start does, and says how it went", async () => {
    const { exitCode, all } = await sandbox(["run", demoFile]);
    expect(exitCode, all).to.equal(0);
    expect(all).to.match(/cancelled +canceled/);
    expect(all.trimEnd().split("\n").at(-1)).to.equal(
      "The pipeline passed, without exit-42, cancelled, which may fail.",
    );
  });

  it("cancels the pipeline when it is interrupted, says that the sandbox stays up, and so it does", async () => {
    const child = execa(process.execPath, ["--import", "tsx", cli, "run", demoFile], {
      reject: false,
      cwd: projectDir,
    });
    let told = "";
    await new Promise<void>((resolve) => {
      child.stdout!.on("data", (chunk) => (told += String(chunk)).includes(" : running") && resolve());
      void child.then(() => resolve());
    });
    child.kill("SIGINT");
    const { exitCode, stdout } = await child;
    expect(stdout).to.contain("SIGINT: the pipeline is cancelled; the sandbox stays up");
    expect(exitCode).to.equal(130);
    // EC2 goes on listing hosts that were terminated.
    const states = (await status()).hosts.map(({ state }) => state).filter((state) => state !== "terminated");
    expect(states).to.deep.equal(["running"]);
  });
});

describe("sandbox exec", () => {
  useSandbox();

  it("runs a command where the sandbox is, and has its exit code", async () => {
    const look = `tr '\\0' ' ' </proc/1/cmdline; curl --silent --output /dev/null --write-out %{http_code} ${gitlabUrl}; exit 7`;
    const { exitCode, stdout } = await sandbox(["exec", "sh", "-c", look]);
    expect(stdout).to.match(/namespaces\.sh --inside .*sandbox\/daemon\.ts \d{3}$/);
    expect(exitCode).to.equal(7);
  });

  it("has programs that the machine has not", async () => {
    const look = (where: string[]) =>
      execa(withFewPrograms, [...where, "curl", "--silent", "--head", gitlabUrl], { reject: false });
    expect((await look([])).stderr).to.contain("curl: not found");
    const { stdout, stderr } = await look([process.execPath, "--import", "tsx", cli, "exec"]);
    expect(stdout, stderr).to.match(/^HTTP\/1.1 /);
  });

  it("runs the sandbox's own commands as well", async () => {
    const command = [process.execPath, "--import", "tsx", cli, "pulumi", "stack", "--show-name"];
    const { exitCode, all } = await sandbox(["exec", ...command]);
    expect(exitCode, all).to.equal(0);
    expect(all.trim()).to.equal(stackName);
  });

  it("ends the command where it is ended itself", async () => {
    const asleep = () => processesWhose(([program, time]) => program === "sleep" && time === "4343").length > 0;
    const child = execa(process.execPath, ["--import", "tsx", cli, "exec", "sleep", "4343"], { reject: false });
    await until("the command to run", asleep);
    child.kill("SIGTERM");
    await child;
    expect(asleep()).to.equal(false);
  });
});

describe("a sandbox that is up already", () => {
  useSandbox();

  it("is named by npm start, which leaves it alone", async () => {
    const { pid } = await status();
    const { exitCode, all } = await sandbox(["start"]);
    expect(exitCode).to.equal(1);
    expect(all.trim()).to.match(
      new RegExp(`^A sandbox is up already \\(process ${pid}, of \\S+\\), and stays up\\. .*$`),
    );
    expect((await status()).pid).to.equal(pid);
  });

  it("is not taken for a leftover where its socket is not to be had", async () => {
    const elsewhere = mkdtempSync(path.join(os.tmpdir(), "state-"));
    const { pid } = await status();
    try {
      for (const command of ["status", "up", "start"]) {
        const { all } = await sandbox([command], { env: { XDG_STATE_HOME: elsewhere } });
        expect(all.trim(), command).to.match(
          new RegExp(`^A sandbox is starting or ending \\(process ${pid}\\)\\. .*$`),
        );
      }
      expect((await status()).pid).to.equal(pid);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });
});
