/**
 * The sandbox's one long-lived process: AWS, GitLab and the provider servers, with a control API on a Unix socket.
 *
 * Started by the CLI (sandbox/lifecycle.ts), which hands it the page's socket, in namespaces of its own, with which
 * whatever descends from it ends, even after a `kill -9`. It enters the sandbox's cgroup before it starts anything,
 * by which others find it. With `--lease` it takes the sandbox down when its standard input closes, that is when the
 * CLI that started it is gone, however it went. With `--real-aws` it serves no stand-in for aws.
 */
import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { startAws } from "./aws";
import { awsEndpoint, gitlabTokens, network, ports, stateDir } from "./config";
import { startControl } from "./control/server";
import { startGitLab } from "./gitlab";
import { handedOver } from "./page/listener";
import { startPage } from "./page/server";
import { startProviders } from "./providers";
import { prepareArtifacts } from "./setup";
import { createWorld, enterCgroup } from "./world";
import { blobInfoCacheRemover } from "./world/blob-info-cache";

/** Its own process id, as the machine knows it. */
const pid = Number(process.env.MACHINE_PID);

/** What the daemon tells the CLI over the IPC channel while it starts. */
export type DaemonMessage = { ready: true } | { failed: string };

const listener = handedOver();

const log = (source: string) => (line: string) => console.log(`${new Date().toISOString()} ${source}: ${line}`);

async function main(): Promise<void> {
  const lease = process.argv.includes("--lease");
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  await createWorld();
  await enterCgroup(process.pid);
  const artifacts = await prepareArtifacts({ onProgress: () => {} });

  const removeBlobInfoCache = blobInfoCacheRemover();
  const closers: (() => Promise<void>)[] = [async () => removeBlobInfoCache()];
  let closing: Promise<void> | undefined;
  const shutdown = () =>
    (closing ??= (async () => {
      for (const close of closers.reverse()) await close().catch((error) => log("daemon")(`closing: ${error}`));
    })());
  const exit = () => void shutdown().then(() => process.exit(0));
  process.on("SIGTERM", exit);
  // Ctrl-C in the CLI's terminal must not reach the daemon first: the CLI ends it in order.
  process.on("SIGINT", () => {});
  if (lease) {
    process.stdin.on("close", exit);
    process.stdin.resume();
  }

  const aws = await startAws({ artifacts, stateDir, log: log("aws") });
  closers.push(() => aws.close());
  const gitlab = await startGitLab({
    host: network.gateway,
    port: ports.gitlab,
    stateDir: path.join(stateDir, "gitlab"),
    accessTokens: Object.values(gitlabTokens),
    log: log("gitlab"),
  });
  closers.push(() => gitlab.close());
  const providers = await startProviders({
    awsEndpoint,
    build: {
      alpineRootfs: artifacts.alpineRootfs,
      apkRepository: artifacts.apkRepository,
      apkKey: artifacts.apkKey,
      stateDir: path.join(stateDir, "build"),
    },
    realAws: process.argv.includes("--real-aws"),
    log: log("providers"),
  });
  closers.push(() => providers.close());
  const page = await startPage(await listener, { aws, gitlab });
  closers.push(() => page.close());
  // Never closed: its connections end when this process does, which is how the CLI learns that all else is closed.
  const { debugProviders } = providers;
  await startControl({ pid, aws, gitlab, debugProviders, page: page.url, lease, shutdown: exit });
}

function tell(message: DaemonMessage): void {
  process.send?.(message);
  if (process.connected) process.disconnect();
}

process.on("unhandledRejection", (error) =>
  log("daemon")(`unhandled: ${error instanceof Error ? error.stack : error}`),
);
main().then(
  () => tell({ ready: true }),
  (error: Error) => {
    log("daemon")(`cannot start: ${error.stack}`);
    tell({ failed: error.message });
    process.exitCode = 1;
    // The CLI heals the machine after a failed start; this process only has to go.
    setImmediate(() => process.exit(1));
  },
);
