/** Where the images are: the registry on loopback, its blobs in the state folder. It lets in anybody. */
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { ports, registryStore } from "../../config";
import { startService, type Service } from "../service";

export async function startRegistryStore(program: string, stateDir: string): Promise<Service> {
  const storage = path.join(stateDir, "registry");
  mkdirSync(storage, { recursive: true });
  const file = path.join(stateDir, "registry.yml");
  writeFileSync(
    file,
    stringify({
      version: 0.1,
      storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
      http: { addr: registryStore },
    }),
  );
  return startService({
    name: "registry",
    command: program,
    args: [file],
    host: "127.0.0.1",
    port: ports.registryStore,
    logFile: path.join(stateDir, "registry.log"),
  });
}
