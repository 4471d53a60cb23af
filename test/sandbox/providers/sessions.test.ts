import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Session } from "../../../sandbox/providers/framework/sessions";

/** What an engine is for its providers: a process that listens. */
const engine = `
  const grpc = require("@grpc/grpc-js");
  const server = new grpc.Server();
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (_, port) => console.log(port));
`;

describe("provider framework: an engine's session", () => {
  it("has the engine's environment, and ends when the engine ends", async () => {
    const env = { ...process.env, SSH_AUTH_SOCK: "/of/the/engine", EMPTY: "", TWO: "a=b\nc" };
    const child = spawn(process.execPath, ["-e", engine], { env, stdio: ["ignore", "pipe", "inherit"] });
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    const session = new Session();
    session.attach(`127.0.0.1:${Number(port)}`);
    const { SSH_AUTH_SOCK, EMPTY, TWO } = session.environment();
    expect({ SSH_AUTH_SOCK, EMPTY, TWO }).to.deep.equal({ SSH_AUTH_SOCK: "/of/the/engine", EMPTY: "", TWO: "a=b\nc" });
    await session.attached;
    expect(session.signal.aborted).to.equal(false);
    const over = once(session.signal, "abort");
    child.kill("SIGKILL");
    await over;
  });
});
