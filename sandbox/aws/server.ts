/** HTTP servers of the sandbox's AWS: their beginning and their end. */
import type * as http from "node:http";

export interface Address {
  host: string;
  port: number;
}

export function listen(server: http.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** The IPv4 address that a request comes from. */
export const addressOf = ({ socket }: http.IncomingMessage): string =>
  (socket.remoteAddress ?? "").replace(/^::ffff:/, "");

/** Ends a server with the connections that it holds. */
export function closeServer(server: http.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
