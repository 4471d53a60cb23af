import { expect } from "chai";
import { commandPackage } from "../../../sandbox/providers/command";
import type { Resource } from "../../../sandbox/providers/framework/definition";
import * as lifecycle from "../../../sandbox/providers/framework/lifecycle";
import { isSecret, makeSecret } from "../../../sandbox/providers/framework/values";
import { createContext, rejection } from "./support";

const command = commandPackage({ workDir: "/usr" }).resources["command:local:Command"] as Required<Resource>;

describe("command stand-in: local.Command", () => {
  it("runs in the engine's folder or one below it, with its input and environment", async () => {
    const { context, lines } = createContext({ name: "drain" });
    const create = "pwd; cat; echo $WORD >&2";
    const { id, outputs } = await command.create({ create, stdin: "in\n", environment: { WORD: "w" } }, context);
    expect(id).to.match(/^drain[0-9a-f]{8}$/);
    expect(outputs).to.include({ stdout: "/usr\nin", stderr: "w" });
    expect(lines).to.have.members(["/usr", "in", "w"]);
    const below = await command.create({ create: "pwd", dir: "lib" }, context);
    expect(below.outputs.stdout).to.equal("/usr/lib");
  });

  it("does nothing where there is nothing to run, and deletes by delete", async () => {
    const { context, lines } = createContext();
    expect((await command.create({ delete: "echo bye" }, context)).outputs).to.include({ stdout: "", stderr: "" });
    const updated = await command.update("id", { stdout: "old" }, { delete: "echo bye", stdin: "new" }, context);
    expect(updated).to.include({ stdout: "old", stdin: "new" });
    expect(lines).to.deep.equal([]);
    await command.delete("id", { delete: "echo bye" }, context);
    expect(lines).to.deep.equal(["bye"]);
  });

  it("fails with exit code, command and output, and ends with the deployment", async () => {
    const stop = new AbortController();
    const { context } = createContext({ signal: stop.signal });
    const failed = await rejection(command.delete("id", { delete: "echo why; exit 3" }, context));
    expect(failed.message).to.equal('exit status 3: running "echo why; exit 3":\nwhy\n');
    const ending = rejection(command.delete("id", { delete: "exec sleep 60" }, context));
    stop.abort();
    expect((await ending).name).to.equal("AbortError");
  });

  it("keeps an input secret that was given as one", async () => {
    const { context } = createContext();
    const { outputs } = await lifecycle.create(command, { inputs: { stdin: makeSecret("k") }, preview: true }, context);
    expect(isSecret(outputs.stdin)).to.equal(true);
  });
});
