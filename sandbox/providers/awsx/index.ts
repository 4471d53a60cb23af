/** Starts the awsx stand-in's process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import type { ProviderServer } from "../framework/server";

/** Throws when the process ends before it says its port. */
export async function startAwsx(log: (line: string) => void): Promise<ProviderServer> {
  const loader = pathToFileURL(require.resolve("tsx")).href;
  const child = spawn(process.execPath, ["--import", loader, path.join(__dirname, "server.ts")], {
    stdio: ["pipe", "pipe", "pipe"],
    // Settings of a deployment that this process itself may be part of.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"))),
  });
  const exited = once(child, "exit");
  createInterface({ input: child.stderr }).on("line", (line) => log(`awsx: ${line}`));
  const lines = createInterface({ input: child.stdout });
  const port = await Promise.race([
    once(lines, "line").then(([line]) => Number(line)),
    exited.then(([code, signal]) => {
      throw new Error(`the awsx stand-in ended (${signal ?? `exit code ${code}`}) before it was ready`);
    }),
  ]);
  lines.on("line", (line) => log(`awsx: ${line}`));
  void exited.then(([code, signal]) => log(`awsx: ended (${signal ?? `exit code ${code}`})`));
  return {
    port,
    async close() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
