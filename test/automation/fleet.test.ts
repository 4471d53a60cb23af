/** Where the fleet's commands work: on the sandbox's engine, or wherever the caller's environment says. */
import { expect } from "chai";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { execa } from "execa";
import { projectDir } from "../../sandbox/config";

/** Runs a preview with a Pulumi CLI that only says that it was called, and with no sandbox of this user. */
async function preview(stack: string, variables: Record<string, string> = {}): Promise<string> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "fleet-"));
  try {
    const cli = path.join(folder, "pulumi");
    writeFileSync(cli, "#!/bin/sh\necho 'error: called' >&2\nexit 1\n");
    chmodSync(cli, 0o755);
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"));
    const PATH = [folder, process.env.PATH].join(path.delimiter);
    const env = { ...Object.fromEntries(own), PATH, XDG_STATE_HOME: folder, ...variables };
    const args = ["--import", "tsx", path.join("scripts", "fleet.ts"), "preview", `--stack=${stack}`];
    const { exitCode, stderr } = await execa(process.execPath, args, {
      ...{ cwd: projectDir, env, extendEnv: false, reject: false },
    });
    expect(exitCode, stderr).to.equal(1);
    return stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("npm run preview", () => {
  it("of the sandbox's stack asks for a sandbox where none is up, in a sentence", async () => {
    // Where another user has one up, it says that instead.
    expect(await preview("sandbox")).to.match(/^error: (The sandbox is not up\. Start it first|A sandbox ).*$/);
  });

  it("takes the caller's environment where that names a backend, and for every other stack", async () => {
    const PULUMI_BACKEND_URL = "file:///nonexistent";
    expect(await preview("sandbox", { PULUMI_BACKEND_URL })).to.contain("error: the Pulumi CLI: called");
    expect(await preview("dev")).to.contain("error: the Pulumi CLI: called");
  });
});
