/** The entry of npm's scripts, where the packages' Node does not run. */
import { expect } from "chai";
import { execa } from "execa";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";

/** A project whose node_modules has this text as its Node, and an entry that says which Node runs it. */
async function runWith(ownNode: string, engines = ">=22") {
  const root = mkdtempSync(path.join(os.tmpdir(), "run-"));
  try {
    const write = (name: string, text: string) => {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), text);
    };
    write("package.json", JSON.stringify({ engines: { node: engines } }));
    write("package-lock.json", "{}");
    write("node_modules/.installed-lock", createHash("sha256").update("{}").digest("hex"));
    write("node_modules/tsx/package.json", '{"name":"tsx","exports":"./index.js"}');
    write("node_modules/tsx/index.js", "");
    write("node_modules/.bin/node", ownNode);
    chmodSync(path.join(root, "node_modules/.bin/node"), 0o755);
    write("entry.js", "console.log(process.execPath, process.argv.slice(2).join())");
    mkdirSync(path.join(root, "scripts"));
    copyFileSync(path.join(projectDir, "scripts", "run.mjs"), path.join(root, "scripts", "run.mjs"));
    return await execa(process.execPath, [path.join(root, "scripts", "run.mjs"), "entry.js", "a"], { reject: false });
  } finally {
    rmSync(root, { recursive: true });
  }
}

describe("npm's scripts", () => {
  it("run with the packages' Node", async () => {
    expect((await runWith(`#!/bin/sh\nexec "${process.execPath}" "$@" of-packages\n`)).stdout).to.contain(
      "a,of-packages",
    );
  });

  it("run with the machine's where that does not", async () => {
    const { stdout, exitCode } = await runWith("#!/no/such/loader\n");
    expect(exitCode).to.equal(0);
    expect(stdout).to.equal(`${process.execPath} a`);
  });

  it("say so where neither will do", async () => {
    const { stderr, exitCode } = await runWith("#!/no/such/loader\n", ">=99");
    expect(exitCode).to.equal(1);
    expect(stderr).to.contain("it needs >=99");
  });
});
