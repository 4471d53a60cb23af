import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { inspect } from "node:util";
import { expect } from "chai";
import { attempt, CommandError, follow, run } from "../../sandbox/command";
import { awaitEnd } from "../support/processes";

const sh = (script: string, ...args: string[]): [string, string[]] => ["sh", ["-c", script, "sh", ...args]];
const failure = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => expect.fail("it succeeded"),
    (error: Error) => error,
  );
describe("a program that must succeed", () => {
  it("answers with its standard output, as it is", async () => {
    expect(await run(...sh("printf ' one\\n\\n'; echo two >&2"))).to.equal(" one\n\n");
  });

  it("is refused by what it wrote to standard error", async () => {
    const error = await failure(run(...sh("echo out; echo ' why \n' >&2; exit 3")));
    expect(error).to.be.instanceOf(CommandError).and.include({ exitCode: 3, stderr: " why \n\n" });
    expect(error.message).to.equal("sh -c echo out; echo ' why \n' >&2; exit 3 sh: why");
  });

  it("is refused by its exit code or signal where it wrote nothing", async () => {
    const named = { name: "the tool" };
    expect((await failure(run(...sh("exit 3"), named))).message).to.equal("the tool: exit code 3");
    expect((await failure(run(...sh("kill -9 $$"), named))).message).to.equal("the tool: ended by SIGKILL");
  });

  it("is named by a long command line's beginning", async () => {
    const { message } = await failure(run(...sh("exit 3", "x".repeat(1000))));
    expect(message)
      .to.match(/^sh -c exit 3 sh x+ …: exit code 3$/)
      .and.have.lengthOf.below(200);
  });

  it("is told from one that cannot be started", async () => {
    const error = await failure(run("no-such-program", ["a"]));
    expect(error).not.to.be.instanceOf(CommandError);
    expect(error.message).to.match(/^no-such-program a: .*ENOENT/);
  });

  it("gets its input, folder and environment, and no more", async () => {
    process.env.COMMAND_TEST = "of this process";
    try {
      const script = "cat; pwd; printenv COMMAND_TEST || echo none; printenv OWN || echo none";
      const own = { PATH: process.env.PATH, OWN: "own" };
      expect(await run(...sh(script), { input: "typed\n", cwd: "/", env: own })).to.equal("typed\n/\nnone\nown\n");
      expect(await run(...sh(script), { cwd: "/" })).to.equal("/\nof this process\nnone\n");
    } finally {
      delete process.env.COMMAND_TEST;
    }
  });

  it("need not read its input", async () => {
    expect(await run("true", [], { input: "x".repeat(1024 * 1024) })).to.equal("");
  });

  it("keeps environment and input out of its error", async () => {
    const options = { env: { PATH: process.env.PATH, TOKEN: "secret-1" }, input: "secret-2" };
    const error = await failure(run(...sh("cat >/dev/null; echo refused >&2; exit 1"), options));
    expect(error.message).to.contain("refused");
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.to.match(/secret-[12]/);
    const absent = await failure(run("no-such-program", [], options));
    expect(inspect(absent, { depth: Infinity, showHidden: true })).not.to.match(/secret-[12]/);
  });
});

describe("a program whose failure is an answer", () => {
  it("answers with exit code and output", async () => {
    expect(await attempt(...sh("echo out; echo err >&2; exit 7"))).to.deep.equal({
      exitCode: 7,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect((await attempt("true", [])).exitCode).to.equal(0);
    expect((await attempt(...sh("kill -9 $$"))).exitCode).to.equal(undefined);
  });

  it("still has to exist", async () => {
    expect((await failure(attempt("no-such-program", []))).message).to.contain("ENOENT");
    expect((await failure(follow("no-such-program", [], { onLine: () => {} }))).message).to.contain("ENOENT");
  });

  it("writes all of its output where it goes through a file", async () => {
    const size = 4 * 1024 * 1024;
    const script = `process.stdout.write("ö".repeat(${size / 2}) + "end"); process.exit(4)`;
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("output-"));
    const { exitCode, stdout } = await attempt(process.execPath, ["-e", script], { throughFile: true });
    expect(exitCode).to.equal(4);
    expect(Buffer.byteLength(stdout)).to.equal(size + 3);
    expect(stdout.endsWith("öend")).to.equal(true);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("output-"))).to.deep.equal(before);
  });
});

describe("a program that is followed", () => {
  it("passes on its lines as they come, and answers with standard output", async () => {
    const lines: string[] = [];
    const folder = mkdtempSync(path.join(tmpdir(), "command-"));
    try {
      // It goes on only when its first line has been heard.
      const onLine = (line: string) => {
        lines.push(line);
        if (line === "one") void run("touch", [path.join(folder, "heard")]);
      };
      const script = 'echo one; until [ -e "$1/heard" ]; do sleep 0.01; done; echo; echo two >&2; printf three';
      expect(await follow(...sh(script, folder), { onLine })).to.equal("one\n\nthree");
      expect(lines.sort()).to.deep.equal(["one", "three", "two"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is refused by the end of what it said, on either stream", async () => {
    const script = "seq 100; echo bad >&2; exit 5";
    const error = await failure(follow(...sh(script), { onLine: () => {}, name: "the build" }));
    expect(error).to.be.instanceOf(CommandError).and.include({ exitCode: 5 });
    const [first, ...quoted] = error.message.split("\n");
    expect(first).to.equal("the build: exit code 5");
    expect(quoted).to.have.lengthOf(40).and.include.members(["bad", "100"]).and.not.include("10");
  });

  it("has no input to wait for", async () => {
    expect(await follow("cat", [], { onLine: () => {} })).to.equal("");
  });
});

describe("a program that is ended by a signal", () => {
  const reason = new Error("interrupted");

  it("does not start where the signal is aborted", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "command-"));
    const signal = AbortSignal.abort(reason);
    expect(await failure(run("touch", [path.join(folder, "started")], { signal }))).to.equal(reason);
    expect(readdirSync(folder)).to.deep.equal([]);
    rmSync(folder, { recursive: true });
  });

  for (const killSignal of [undefined, "SIGINT"] as const) {
    it(`gets ${killSignal ?? "SIGTERM"}, and is waited for`, async () => {
      const folder = mkdtempSync(path.join(tmpdir(), "command-"));
      const abort = new AbortController();
      const name = killSignal?.slice(3) ?? "TERM";
      const onSignal = `trap 'echo "$(ls "$1")" >"$1/ended"; exit 9' ${name}`;
      const script = `${onSignal}; touch "$1/ready"; while :; do sleep 0.01; done`;
      const ended = failure(attempt(...sh(script, folder), { signal: abort.signal, killSignal }));
      while (!readdirSync(folder).includes("ready")) await new Promise(setImmediate);
      abort.abort(reason);
      expect(await ended).to.equal(reason);
      expect(readFileSync(path.join(folder, "ended"), "utf8")).to.contain("ready");
      rmSync(folder, { recursive: true });
    });
  }

  it("takes its children with it where it is followed", async () => {
    const abort = new AbortController();
    let child = "";
    const onLine = (line: string) => {
      child = line;
      abort.abort(reason);
    };
    // The child holds the output open: as long as it lives, the call does not return.
    const error = await failure(follow(...sh("sleep 1000 & echo $!; wait"), { onLine, signal: abort.signal }));
    expect(error).to.equal(reason);
    // The kernel closes what an ending process has open a moment before the process counts as ended.
    await awaitEnd(Number(child));
  });
});
