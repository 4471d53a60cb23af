/** What npm test makes of its arguments. */
import { expect } from "chai";
import { execa } from "execa";
import { projectDir } from "../../sandbox/config";

const run = (...args: string[]) =>
  execa(process.execPath, ["--import", "tsx", "test/run.ts", ...args], { cwd: projectDir, reject: false, all: true });

describe("npm test", () => {
  it("shows its help, with the names of the checks, and runs nothing", async () => {
    const { exitCode, stdout } = await run("--help");
    expect(exitCode).to.equal(0);
    expect(stdout.replace(/\s+/g, " ")).to.contain("unit: program").and.contain("end to end").and.contain("--unit");
    expect(stdout).not.to.contain("== ");
  });

  it("refuses an option that it does not know, and runs nothing", async () => {
    const { exitCode, all } = await run("--units", "gofmt");
    expect(exitCode).to.equal(1);
    expect(all).to.contain("unknown option '--units'").and.not.contain("== ");
  });

  it("says which checks there are where none has such a name", async () => {
    const { exitCode, all } = await run("--unit", "end to end");
    expect(exitCode).to.equal(1);
    expect(all).to.match(/no check is called end to end; there are go test, .*gofmt/);
  });
});
