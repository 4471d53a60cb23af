import { expect } from "chai";
import { execa } from "execa";
import { runCommand, signalAll } from "./command";
import { awaitEnd } from "./processes";

describe("a check's program", () => {
  it("tells its output, its exit code and what it says on the side", async () => {
    let output = "";
    const script = "echo out; echo err >&2; echo told >&3; exit 3";
    const ended = await runCommand({ file: "sh", args: ["-c", script] }, (text) => (output += text));
    expect(ended).to.deep.equal({ exitCode: 3, told: "told\n" });
    expect(output).to.contain("out\n").and.contain("err\n");
  });

  it("hands standard output over by lines where somebody reads it", async () => {
    const lines: string[] = [];
    let output = "";
    const onLine = (line: string) => lines.push(line);
    await runCommand({ file: "sh", args: ["-c", "printf 'a\\nb'; echo err >&2"], onLine }, (text) => (output += text));
    expect(lines).to.deep.equal(["a", "b"]);
    expect(output).to.equal("err\n");
  });

  it("ends with all that it has started, when the run is interrupted", async () => {
    let output = "";
    const ended = await runCommand({ file: "sh", args: ["-c", "sleep 600 & echo $!; wait"] }, (text) => {
      output += text;
      signalAll("SIGINT");
    });
    expect(ended.exitCode).to.equal(undefined);
    expect(output).to.contain("sh: ended by SIGINT");
    await awaitEnd(Number(output.split("\n")[0]));
  });

  it("leaves nothing running behind it", async () => {
    let output = "";
    const script = "sleep 600 >/dev/null & echo $!";
    const { exitCode } = await runCommand({ file: "sh", args: ["-c", script] }, (text) => (output += text));
    expect(exitCode).to.equal(0);
    await awaitEnd(Number(output));
  });

  it("says that it cannot be run, and ends nothing else", async () => {
    const run = `runCommand({ file: "/not/there", args: [] }, console.log).then(({ exitCode }) => console.log(exitCode))`;
    const script = `import { runCommand } from ${JSON.stringify(require.resolve("./command"))}; void ${run};`;
    const { exitCode, stdout } = await execa(process.execPath, ["--import", "tsx", "--eval", script], {
      reject: false,
    });
    expect(stdout).to.match(/^\/not\/there could not be run: .*ENOENT\s+undefined$/);
    expect(exitCode).to.equal(0);
  });
});
