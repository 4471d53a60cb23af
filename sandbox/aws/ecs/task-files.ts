/** What a container sees of its task and of this machine: its network's files, the task's volumes, resource limits. */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { run } from "../../command";
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

/**
 * The volumes of a task that a container mounts; each is a folder that lives as long as the task. It is empty and root's, but
 * where the image has a VOLUME at the very path: its content, owner and mode are copied into an empty one
 * (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html).
 */
export async function volumes(
  dir: string,
  { mountPoints = [] }: ContainerDefinition,
  image: { rootfs: string; config: { volumes: string[] } },
): Promise<Binds> {
  return Promise.all(
    mountPoints.map(async ({ sourceVolume, containerPath, readOnly = false }) => {
      const source = path.join(dir, sourceVolume);
      await mkdir(source, { recursive: true, mode: 0o755 });
      const shown = path.join(image.rootfs, containerPath);
      if (image.config.volumes.includes(containerPath) && existsSync(shown) && (await readdir(source)).length === 0) {
        await run("cp", ["--archive", `${shown}/.`, source]);
      }
      return { source, destination: containerPath, readOnly };
    }),
  );
}

/** The hard limit of this process, which a container's may not pass. */
export function openFilesLimit(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  return Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
}
