import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { createMeasure, type Measure } from "../../bench/driver/measure";

describe("measuring a program", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "measure-"));
  const env = { PATH: process.env.PATH };
  let measure: Measure;

  before(async () => {
    measure = await createMeasure(folder, new AbortController().signal);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("counts its output and knows its CPU time and memory, without the time that it waits", async () => {
    // 64 MiB of memory, and CPU time that it is told to take; then it waits for as long.
    const program = `
      const memory = Buffer.alloc(64 * 2 ** 20, 1);
      const cpuMs = () => process.cpuUsage().user / 1e3 + process.cpuUsage().system / 1e3;
      while (cpuMs() < 300);
      process.stdout.write("x".repeat(1000 * memory[0]));
      setTimeout(() => {}, 300);`;
    const { wallMs, cpuMs, peakMiB, outputBytes } = await measure({
      program: process.execPath,
      args: ["-e", program],
      env,
    });
    expect(outputBytes).to.equal(1000);
    expect(peakMiB).to.be.above(64);
    expect(cpuMs).to.be.above(300);
    // The wait is in the one and not in the other; how much else there is depends on the machine.
    expect(wallMs).to.be.above(300);
  });

  it("gives it the file as standard input, or nothing", async () => {
    const stdin = path.join(folder, "input");
    writeFileSync(stdin, "12345");
    expect(await measure({ program: "cat", args: [], env, stdin })).to.include({ outputBytes: 5 });
    expect(await measure({ program: "cat", args: [], env })).to.include({ outputBytes: 0 });
  });

  it("gives it no other environment than it is told", async () => {
    const args = ["-c", 'test "$OWN" = yes && test -z "$HOME"'];
    await measure({ program: "sh", args, env: { ...env, OWN: "yes" } });
  });

  it("fails where the program does, with what it complained about", async () => {
    const failing = measure({ program: "sh", args: ["-c", "echo no task >&2; exit 3"], env });
    const error = await failing.catch((reason: Error) => reason);
    expect(error)
      .to.have.property("message")
      .that.matches(/exit code 3\nno task\n$/);
  });

  it("fails where there is no such program", async () => {
    const error = await measure({ program: "no-such-program", args: [], env }).catch((reason: Error) => reason);
    expect(error)
      .to.have.property("message")
      .that.matches(/exit code unknown\nmeasured: .*no-such-program/);
  });
});
