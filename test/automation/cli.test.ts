/** What the commands refuse, and how they say that they are called. */
import { expect } from "chai";
import { execa } from "execa";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { projectDir } from "../../automation/stack";

const stackFile = path.join(projectDir, "Pulumi.dev.yaml");

async function run(...args: string[]) {
  const before = readFileSync(stackFile, "utf8");
  const entry = path.join(projectDir, "automation", "cli.ts");
  const result = await execa(process.execPath, ["--import", "tsx", entry, ...args], { cwd: projectDir, reject: false });
  expect(readFileSync(stackFile, "utf8")).to.equal(before);
  return result;
}

describe("the command line", () => {
  const add = ["add-group", "acme/new", "--no-preview", "--stack"];

  it("refuses a report's file that cannot be written, before the edit", async () => {
    for (const file of ["/no/such/folder/r.json", projectDir]) {
      const { exitCode, stderr } = await run(...add, "dev", "--json", file);
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/--json.*(there is no folder|is a folder)/);
    }
  });

  it("refuses tags that are none", async () => {
    const { exitCode, stderr } = await run(...add, "dev", "--tags", ",,");
    expect(exitCode).to.equal(1);
    expect(stderr).to.contain("names no tag");
  });

  it("names the file of a stack's whole name, and what was asked for", async () => {
    const { exitCode, stderr } = await run(...add, "acme/runners/nowhere");
    expect({ exitCode, stderr }).to.deep.equal({
      exitCode: 1,
      stderr: "error: there is no Pulumi.nowhere.yaml, the file of stack acme/runners/nowhere",
    });
  });

  it("shows how npm hands options on", async () => {
    expect((await run("preview", "--help")).stdout).to.contain("Usage: npm run preview -- [options]\n");
    expect((await run("add-group", "--help")).stdout).to.contain("Usage: npm run add-group -- [options] <path>\n");
    expect((await run("--help")).stdout).to.contain("Usage: npm run <command> -- [options]\n");
  });
});
