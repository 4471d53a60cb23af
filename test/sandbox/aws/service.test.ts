import { expect } from "chai";
import { once } from "node:events";
import { rmSync } from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { startService } from "../../../sandbox/aws/service";

const logFile = path.join(os.tmpdir(), `service-test-${process.pid}.log`);
const host = "127.0.0.1";

async function listening(): Promise<{ port: number; server: net.Server }> {
  const server = net.createServer().listen(0, host);
  await once(server, "listening");
  return { port: (server.address() as net.AddressInfo).port, server };
}

describe("a server program of the sandbox", () => {
  after(() => rmSync(logFile, { force: true }));

  const start = (port: number, script: string) =>
    startService({ name: "thing", command: process.execPath, args: ["-e", script], host, port, logFile });

  it("is up when it accepts connections, and gone after close", async () => {
    const { port, server } = await listening();
    await new Promise((resolve) => server.close(resolve));
    const service = await start(port, `require("net").createServer().listen(${port}, "${host}")`);
    await service.close();
    await start(port, `console.error("no such region"); process.exit(3)`).then(
      () => expect.fail("nothing should listen any more"),
      (error: Error) => expect(error.message).to.contain("exit code 3").and.to.contain("no such region"),
    );
  });

  it("is not taken for another that has its port", async () => {
    const { port, server } = await listening();
    await start(port, "setInterval(() => {}, 1000)").then(
      () => expect.fail("the port is taken"),
      (error: Error) => expect(error.message).to.contain(`something else listens on ${host}:${port}`),
    );
    server.close();
  });
});
