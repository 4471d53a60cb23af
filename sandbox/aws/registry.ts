/** The image registry in ECR's place: docker-registry on loopback, its blobs in the state folder. */
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { ports, registryAddress } from "../config";
import { startService, type Service } from "./service";

export async function startRegistry(stateDir: string): Promise<Service> {
  const storage = path.join(stateDir, "registry");
  mkdirSync(storage, { recursive: true });
  const file = path.join(stateDir, "registry.yml");
  writeFileSync(
    file,
    stringify({
      version: 0.1,
      log: { level: "warn", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
      http: { addr: registryAddress },
    }),
  );
  return startService({
    name: "docker-registry",
    command: "docker-registry",
    args: ["serve", file],
    host: "127.0.0.1",
    port: ports.registry,
    logFile: path.join(stateDir, "registry.log"),
  });
}
