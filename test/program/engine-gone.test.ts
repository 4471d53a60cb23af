import * as path from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { projectDir } from "../../sandbox/config";

describe("a program whose engine has ended before it", () => {
  /** A program with a listener such as the SDK's, which fails as the script says. */
  const program = async (fails: string) => {
    const source = `
      process.on("uncaughtException", (error) => { console.log("told:", error.message); process.exitCode = 1; });
      process.on("unhandledRejection", (error) => { console.log("told:", error.message); process.exitCode = 1; });
      require(${JSON.stringify(path.join(projectDir, "components/engine-gone"))}).endWithTheEngine();
      setTimeout(() => {}, 50);
      ${fails}`;
    const { exitCode, stdout } = await execa(process.execPath, ["--require", "tsx/cjs", "--eval", source], {
      cwd: projectDir,
      reject: false,
    });
    return { exitCode, stdout };
  };
  const gone = 'Object.assign(new Error("Resource monitor is terminating"), { code: 14 })';

  it("ends without a word, as the engine has said why", async () => {
    expect(await program(`Promise.reject(${gone})`)).to.deep.equal({ exitCode: 32, stdout: "" });
    expect(await program(`setImmediate(() => { throw ${gone}; })`)).to.deep.equal({ exitCode: 32, stdout: "" });
  });

  it("tells every other error", async () => {
    const told = { exitCode: 1, stdout: "told: groups[0]: no such group" };
    expect(await program('Promise.reject(new Error("groups[0]: no such group"))')).to.deep.equal(told);
  });
});
