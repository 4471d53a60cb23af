/**
 * The page's port. The daemon has a network of its own, which no browser reaches; a socket stays in the network that it
 * was made in. So the CLI, which is where the browser is, listens, and hands the listening socket over to the daemon.
 */
import type { ChildProcess } from "node:child_process";
import * as net from "node:net";
import { UserError } from "../report";

/** What goes with the socket. */
const message = "page";

/** The port that is wanted; 0: any free one. @throws UserError */
export function pagePort(wanted = process.env.SANDBOX_PAGE_PORT ?? "0"): number {
  if (/^\d{1,5}$/.test(wanted) && Number(wanted) <= 65535) return Number(wanted);
  throw new UserError(`SANDBOX_PAGE_PORT: ${wanted} is no port`);
}

/** Listens on 127.0.0.1. @throws UserError */
export function listenForPage(port = pagePort()): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", ({ message }) => reject(new UserError(`SANDBOX_PAGE_PORT: ${message}`)));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

/** The CLI's side: the socket is the child's alone from then on. */
export function handOver(server: net.Server, child: ChildProcess): void {
  // A child that ends at once says so itself.
  child.send(message, server, () => server.close());
}

/** The daemon's side. */
export function handedOver(): Promise<net.Server> {
  return new Promise((resolve) => {
    process.on("message", (text, server) => {
      if (text === message) resolve(server as net.Server);
    });
  });
}
