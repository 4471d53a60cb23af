/** An HTTP proxy that remembers what it was asked for. */
import { once } from "node:events";
import * as http from "node:http";
import * as net from "node:net";

export interface HttpProxyServer {
  url: string;
  /** The targets of its requests, "host:port", in their order. */
  targets: string[];
  close(): void;
}

/** @param addresses where names are that no name server knows: "host:port" → port of this machine */
export async function startHttpProxy(
  host = "127.0.0.1",
  addresses: Record<string, number> = {},
): Promise<HttpProxyServer> {
  const targets: string[] = [];
  const server = http.createServer((request, response) => {
    const { host: target, hostname, port, pathname, search } = new URL(request.url ?? "/", "http://none");
    targets.push(port === "" ? `${target}:80` : target);
    const { method, headers } = request;
    const onward = http.request({ hostname, port, method, headers, path: pathname + search }, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers));
    });
    onward.on("error", () => response.headersSent || response.writeHead(502).end());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  server.on("connect", ({ url = "" }: http.IncomingMessage, socket: net.Socket) => {
    targets.push(url);
    const [, name, port] = /^(.*):(\d+)$/.exec(url) ?? [];
    const known = addresses[url];
    const target = known === undefined ? net.connect(Number(port), name) : net.connect(known, "127.0.0.1");
    for (const [one, other] of [
      [socket, target],
      [target, socket],
    ]) {
      one.on("error", () => other.destroy());
      one.pipe(other);
    }
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
  });
  server.listen(0, host);
  await once(server, "listening");
  return {
    url: `http://${host}:${(server.address() as net.AddressInfo).port}`,
    targets,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
