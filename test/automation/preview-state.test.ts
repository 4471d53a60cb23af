/** How the engine is started for a preview, which keeps no state, and for a deployment, which keeps it after each step. */
import { expect } from "chai";
import { execa } from "execa";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectDir } from "../../automation/stack";

/** A Pulumi CLI that knows any stack, and notes whether it is to write the state only at its end. */
const cli = `#!/bin/sh
case $1 in
  version) echo v3.265.0 ;;
  preview | up) echo "$1 \${PULUMI_SKIP_CHECKPOINTS:-unset}" >> "$0-calls" ;;
  stack | config) echo '{}' ;;
esac
`;

describe("the state of a stack", () => {
  it("is not written again and again in a preview, and after each step of a deployment", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "preview-state-"));
    try {
      const file = path.join(folder, "pulumi");
      writeFileSync(file, cli);
      chmodSync(file, 0o755);
      const env = { PATH: [folder, process.env.PATH].join(path.delimiter), PULUMI_SKIP_CHECKPOINTS: undefined };
      const args = ["--import", "tsx", path.join("automation", "cli.ts"), "deploy", "--stack=dev"];
      const { stderr } = await execa(process.execPath, args, { env, cwd: projectDir, reject: false });
      const calls = readFileSync(`${file}-calls`, "utf8").trim().split("\n");
      expect(calls, stderr).to.deep.equal(["preview true", "up unset"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
