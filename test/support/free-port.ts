import { once } from "node:events";
import * as net from "node:net";

/** A port of this address that nobody listens on, for a program that cannot tell which one it was given. */
export async function freePort(host: string): Promise<number> {
  const server = net.createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
