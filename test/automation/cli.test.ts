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

  it("refuses ids and numbers that are none, and a command that names nothing", async () => {
    const told = async (...args: string[]) => (await run(...args, "--no-preview", "--stack", "dev")).stderr;
    expect(await told("add-project", "--id", "7,acme")).to.match(/--id <ids>.* "acme" is no id, which is a number/);
    expect(await told("add-runner", "shared", "--limit", "many")).to.match(/--limit <number>.* not a number/);
    expect(await told("remove-runner")).to.equal("error: nothing is named: give names, or --from a file");
  });

  it("has options for what there is: no id and no lock of an instance runner, and no tags of what goes", async () => {
    const help = async (command: string) => (await run(command, "--help")).stdout;
    expect(await help("add-project"))
      .to.contain("--id")
      .and.to.contain("--locked")
      .and.to.contain("--protected");
    expect(await help("add-runner"))
      .to.contain("--tags")
      .and.to.not.match(/--id|--locked|--name/);
    expect(await help("remove-project"))
      .to.contain("--from")
      .and.to.not.contain("--tags");
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
    expect((await run("add-group", "--help")).stdout).to.contain("Usage: npm run add-group -- [options] [paths...]\n");
    expect((await run("--help")).stdout).to.contain("Usage: npm run <command> -- [options]\n");
  });
});
