/**
 * The provider servers as a process of their own, for an engine that runs elsewhere than beside the daemon: in a CI
 * job's task, which reaches AWS, GitLab and the hosts over the sandbox's network, and the engine on its own loopback.
 * Prints the value of PULUMI_DEBUG_PROVIDERS as its one line of output; ends with SIGTERM.
 *
 * Images are not built here: there is no buildah in a task, as there is no Docker daemon.
 */
import * as os from "node:os";
import * as path from "node:path";
import { awsEndpoint } from "../config";
import { startProviders } from "./index";

async function main(): Promise<void> {
  const none = path.join(os.tmpdir(), "no-image-build");
  const providers = await startProviders({
    awsEndpoint,
    build: { alpineRootfs: none, apkRepository: none, apkKey: none, stateDir: none },
    log: (line) => console.error(line),
  });
  process.on("SIGTERM", () => void providers.close().then(() => process.exit(0)));
  console.log(providers.debugProviders);
}

void main();
