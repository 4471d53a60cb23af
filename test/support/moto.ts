/** moto on a free port of its own: AWS as far as records go, without a sandbox. */
import { once } from "node:events";
import * as net from "node:net";
import * as path from "node:path";
import { startService } from "../../sandbox/aws/service";
import { accountId, region } from "../../sandbox/config";

const host = "127.0.0.1";

/** @param folder for its log */
export async function startMoto(executable: string, folder: string) {
  const address = { host, port: await freePort() };
  const { close } = await startService({
    name: "moto",
    command: executable,
    args: ["-H", host, "-p", String(address.port)],
    env: { ...process.env, MOTO_ACCOUNT_ID: accountId, AWS_DEFAULT_REGION: region },
    ...address,
    logFile: path.join(folder, "moto.log"),
  });
  return { address, close };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
