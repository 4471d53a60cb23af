import { Writable } from "node:stream";
import { expect } from "chai";
import { timed, withProgress } from "../../sandbox/steps";
import { TerminalLine } from "../../sandbox/terminal-line";

/** What somebody sees on it in the end, line by line, and what was written. */
class Screen extends Writable {
  columns = 40;
  written = "";

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written += chunk.toString();
    done();
  }

  get lines(): string[] {
    return this.written.split("\n").map((line) => line.slice(line.lastIndexOf("\x1b[2K") + 1).replace("[2K", ""));
  }
}

/** A build of three artifacts, one of which was there. */
const build = (line: TerminalLine) =>
  withProgress(async (onProgress) => {
    onProgress({ artifact: "moto", state: "cached" });
    onProgress({ artifact: "runner", state: "building" });
    onProgress({ artifact: "pulumi", state: "cached" });
    onProgress({ artifact: "runner", state: "done", seconds: 61.24 });
  }, line);

const fail = () => Promise.reject(new Error("it failed"));

describe("a step of the sandbox's commands", () => {
  let screen: Screen;
  beforeEach(() => (screen = new Screen()));

  it("is told at its start and its end where no terminal is, and what was there already in one line", async () => {
    await build(new TerminalLine(screen));
    expect(screen.written).to.equal("runner: building\nrunner: done in 61.2 s\nfrom the cache: moto, pulumi\n");
  });

  it("stands in a terminal's last line while it runs, and is a line for good in the end", async () => {
    await build(new TerminalLine(screen, true));
    expect(screen.written).to.contain("building runner 0 s");
    expect(screen.lines).to.deep.equal(["runner: done in 61.2 s", "from the cache: moto, pulumi", ""]);
  });

  it("leaves what others say meanwhile above that line, and the line within the terminal", async () => {
    const line = new TerminalLine(screen, true);
    const names = ["one", "two", "three", "four"];
    for (const name of names) line.start(`building ${name}`);
    line.say("something else");
    expect(screen.lines).to.deep.equal(["something else", "building one 0 s, building two 0 s, bui"]);
    expect(screen.lines[1]).to.have.length.below(screen.columns);
    for (const name of names) line.stop(`building ${name}`);
    expect(screen.lines).to.deep.equal(["something else", ""]);
  });

  it("tells its time where it has succeeded, and takes its line away where it has failed", async () => {
    const line = new TerminalLine(screen, true);
    const step = { doing: "starting services", done: "services started" };
    expect(await timed(step, async () => 42, line)).to.equal(42);
    expect(screen.lines).to.have.length(2);
    expect(screen.lines[0]).to.match(/^services started \(\d+\.\d s\)$/);

    const failure = await timed(step, fail, line).catch(String);
    expect(failure).to.equal("Error: it failed");
    expect(screen.lines.slice(1)).to.deep.equal([""]);
  });

  it("is not left running by a build that fails", async () => {
    const line = new TerminalLine(screen, true);
    const failure = await withProgress(async (onProgress) => {
      onProgress({ artifact: "moto", state: "cached" });
      onProgress({ artifact: "runner", state: "building" });
      await fail();
    }, line).catch(String);
    expect(failure).to.equal("Error: it failed");
    expect(screen.lines).to.deep.equal(["from the cache: moto", ""]);
  });
});
