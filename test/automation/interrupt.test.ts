/** Commands that are interrupted while the engine runs, or while they wait for it. */
import { expect } from "chai";
import { execa } from "execa";
import { chmodSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectDir } from "../../automation/stack";

/** A Pulumi CLI that knows any stack. */
const cli = (preview: string, up: string) => `#!/bin/sh
case $1 in
  version) echo v3.265.0 ;;
  preview) ${preview} ;;
  up) ${up} ;;
esac
`;
/** Says so in a file, and runs until it is interrupted. */
const running = `trap 'kill $!; echo "error: canceled" >&2; exit 255' INT; sleep 600 & touch "$0-runs"; wait`;
const locked = "echo 'error: [409] Conflict: Another update is currently in progress.' >&2; exit 255";

/** Runs a command with such a CLI, and sends a signal once that runs, or once standard error has a text. */
async function interrupted(args: string[], fake: string, signal: NodeJS.Signals, text?: string) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "interrupt-"));
  const file = path.join(folder, "pulumi");
  writeFileSync(file, fake);
  chmodSync(file, 0o755);
  const watcher = watch(folder);
  try {
    const env = { PATH: [folder, process.env.PATH].join(path.delimiter) };
    const entry = path.join(projectDir, "automation", "cli.ts");
    const child = execa(process.execPath, ["--import", "tsx", entry, ...args], { env, cwd: projectDir, reject: false });
    let told = "";
    let sent = false;
    const send = (due: boolean) => {
      if (due && !sent) sent = child.kill(signal);
    };
    if (text === undefined) watcher.on("change", (_, name) => send(name === "pulumi-runs"));
    else child.stderr!.on("data", (data) => send((told += data).includes(text)));
    const { exitCode, stderr } = await child;
    expect(sent, stderr).to.equal(true);
    return { exitCode, lastLine: stderr.trim().split("\n").at(-1) };
  } finally {
    watcher.close();
    rmSync(folder, { recursive: true });
  }
}

describe("a command that is interrupted", () => {
  const end = { exitCode: 130, lastLine: "interrupted" };
  const stack = ["--stack", "dev"];

  for (const command of [["preview"], ["deploy"], ["add-group", "acme/new"]]) {
    it(`ends with exit code 130: ${command[0]}, in its preview`, async () => {
      const file = path.join(projectDir, "Pulumi.dev.yaml");
      const before = readFileSync(file, "utf8");
      const fake = cli(running, "exit 1");
      expect(await interrupted([...command, ...stack], fake, "SIGINT")).to.deep.equal(end);
      expect(readFileSync(file, "utf8")).to.equal(before);
    });
  }

  it("ends with exit code 130 in its deployment", async () => {
    const fake = cli("exit 0", running);
    expect(await interrupted(["deploy", ...stack], fake, "SIGTERM")).to.deep.equal(end);
  });

  it("waits for nobody's lock any more", async () => {
    const fake = cli("exit 0", locked);
    expect(await interrupted(["deploy", ...stack], fake, "SIGINT", "waiting for stack dev")).to.deep.equal(end);
  });
});
