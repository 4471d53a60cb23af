/** Where the images are: docker-registry on loopback, its blobs in the state folder. It lets in anybody. */
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { ports, registryStore } from "../../config";
import { startService, type Service } from "../service";

export async function startRegistryStore(stateDir: string): Promise<Service> {
  const storage = path.join(stateDir, "registry");
  mkdirSync(storage, { recursive: true });
  const file = path.join(stateDir, "registry.yml");
  writeFileSync(
    file,
    stringify({
      version: 0.1,
      log: { level: "warn", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
      http: { addr: registryStore },
    }),
  );
  return startService({
    name: "docker-registry",
    command: "docker-registry",
    args: ["serve", file],
    host: "127.0.0.1",
    port: ports.registryStore,
    logFile: path.join(stateDir, "registry.log"),
  });
}
