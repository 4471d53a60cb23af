/** What a container sees of its task and of this machine: its network's files, the task's volumes, resource limits. */
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { resolvConf } from "../../config";
import type { SpecOptions } from "./container-spec";
import type { ContainerDefinition } from "./types";

type Binds = SpecOptions["binds"];

export async function networkFiles(folder: string, hostname: string, ip: string): Promise<Binds> {
  const files = {
    hosts: `127.0.0.1 localhost\n::1 localhost\n${ip} ${hostname} ${hostname.split(".")[0]}\n`,
    hostname: `${hostname}\n`,
    "resolv.conf": resolvConf,
  };
  return Promise.all(
    Object.entries(files).map(async ([name, content]) => {
      const source = path.join(folder, name);
      await writeFile(source, content);
      return { source, destination: `/etc/${name}`, readOnly: false };
    }),
  );
}

/** The volumes of a task that a container mounts; each is an empty folder that lives as long as the task. */
export async function volumes(dir: string, mountPoints: ContainerDefinition["mountPoints"] = []): Promise<Binds> {
  return Promise.all(
    mountPoints.map(async ({ sourceVolume, containerPath, readOnly = false }) => {
      const source = path.join(dir, sourceVolume);
      await mkdir(source, { recursive: true });
      return { source, destination: containerPath, readOnly };
    }),
  );
}

/** The hard limit of this process, which a container's may not pass. */
export function openFilesLimit(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  return Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
}
