/** Serves the artifacts' download folder: the mirror of release archives and the Go module proxy of the sandbox. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import * as http from "node:http";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { network, ports } from "../config";
import { closeServer, listen } from "./server";

export async function startDownloads(folder: string): Promise<{ close(): Promise<void> }> {
  const server = http.createServer((request, response) => {
    serve(folder, request, response).catch(() => response.destroy());
  });
  await listen(server, network.gateway, ports.downloads);
  return { close: () => closeServer(server) };
}

async function serve(folder: string, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") return void response.writeHead(405).end();
  const file = resolveFile(folder, request.url ?? "/");
  const found = file ? await stat(file).catch(() => undefined) : undefined;
  if (!file || !found?.isFile()) return void response.writeHead(404).end("not found\n");
  response.writeHead(200, { "content-length": found.size, "content-type": "application/octet-stream" });
  if (request.method === "HEAD") return void response.end();
  await pipeline(createReadStream(file), response);
}

/** The file that a request's path names, or undefined for one outside the folder. */
export function resolveFile(folder: string, url: string): string | undefined {
  let name: string;
  try {
    name = decodeURIComponent(url.split("?", 1)[0]!);
  } catch {
    return undefined;
  }
  const file = path.join(folder, name);
  return !name.includes("\0") && file.startsWith(`${path.resolve(folder)}${path.sep}`) ? file : undefined;
}
