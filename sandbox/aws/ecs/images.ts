/**
 * Images of tasks: unpacked once per digest, and shared by all tasks as their overlays' lower layer. On Fargate each task
 * pulls its image anew, so the registry is asked for it each time: an image that is gone starts no task.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import * as path from "node:path";
import { ecrRegistry, registryStore } from "../../config";
import { attempt, CommandError, run } from "../../command";
import type { ImageConfig } from "./container-spec";

export interface Image {
  digest: string;
  /** The unpacked file system; read only. */
  rootfs: string;
  config: ImageConfig;
}

export interface ImageStore {
  /**
   * @param login ARN of the secret by which ECS is to log in. No registry here takes one: stricter than ECS, such an image
   * is not pulled at all.
   * @throws Error whose message is ECS's: "CannotPullContainerError: …"
   */
  pull(reference: string, login?: string): Promise<Image>;
}

/**
 * Where an image of a task definition is pulled from: the account's ECR is the registry on loopback. Whether the task's
 * execution role may pull is checked elsewhere.
 */
export function pullSource(reference: string): { source: string; tlsVerify: boolean } {
  return reference.startsWith(`${ecrRegistry}/`)
    ? { source: `docker://${registryStore}${reference.slice(ecrRegistry.length)}`, tlsVerify: false }
    : { source: `docker://${reference}`, tlsVerify: true };
}

export function createImageStore(dir: string): ImageStore {
  // Tasks that start together share one pull.
  const pulls = new Map<string, Promise<Image>>();

  async function unpack(source: string, tlsVerify: boolean, digest: string): Promise<Image> {
    const name = digest.replace(":", "-");
    const target = path.join(dir, name);
    if (!existsSync(target)) {
      const work = path.join(dir, `${name}.partial`);
      await rm(work, { recursive: true, force: true });
      await mkdir(work, { recursive: true });
      const pinned = source.replace(/(@sha256:[0-9a-f]+|:[^/:@]+)?$/, `@${digest}`);
      const layout = path.join(work, "layout");
      await run("skopeo", [
        "--insecure-policy",
        "copy",
        `--src-tls-verify=${tlsVerify}`,
        // umoci knows no zstd.
        ...["--dest-compress-format", "gzip"],
        pinned,
        `oci:${layout}:image`,
      ]);
      await run("umoci", ["unpack", "--image", `${layout}:image`, path.join(work, "bundle")]);
      await rename(work, target);
    }
    return { digest, rootfs: path.join(target, "bundle", "rootfs"), config: await readConfig(target) };
  }

  async function pull(reference: string, login?: string): Promise<Image> {
    if (login !== undefined) {
      throw new Error(
        `CannotPullContainerError: ${reference}: the sandbox logs in at no registry by a secret (${login})`,
      );
    }
    const { source, tlsVerify } = pullSource(reference);
    try {
      const digest =
        /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1] ??
        (await run("skopeo", ["inspect", `--tls-verify=${tlsVerify}`, "--format", "{{.Digest}}", source])).trim();
      if (source.startsWith(`docker://${registryStore}/`)) await requireManifest(source, digest);
      const running = pulls.get(digest) ?? unpack(source, tlsVerify, digest);
      pulls.set(digest, running);
      try {
        return await running;
      } catch (error) {
        pulls.delete(digest);
        throw error;
      }
    } catch (error) {
      throw new Error(`CannotPullContainerError: ${reference}: ${pullReason(error)}`, { cause: error });
    }
  }
  return { pull };
}

/** @throws Error where the registry has no such image any more */
async function requireManifest(source: string, digest: string): Promise<void> {
  const [host, ...name] = source
    .slice("docker://".length)
    .replace(/@.*$/, "")
    .replace(/:[^:/]*$/, "")
    .split("/");
  const answer = await fetch(`http://${host}/v2/${name.join("/")}/manifests/${digest}`, {
    method: "HEAD",
    headers: {
      accept: "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json",
    },
  });
  if (!answer.ok) throw new Error(answer.status === 404 ? "not found" : `the registry answers ${answer.status}`);
}

/** The last words of skopeo's log line, without its time stamps. */
function pullReason(error: unknown): string {
  if (!(error instanceof CommandError)) return error instanceof Error ? error.message : String(error);
  return /msg="((?:[^"\\]|\\.)*)"/.exec(error.stderr)?.[1]?.replaceAll('\\"', '"') ?? error.stderr.trim();
}

/** https://github.com/opencontainers/image-spec/blob/main/config.md */
interface OciConfig {
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
  WorkingDir?: string;
  Volumes?: Record<string, object>;
}

/** Entry point and command from the image; the user as umoci resolved it in the image's own /etc/passwd. */
async function readConfig(dir: string): Promise<ImageConfig> {
  const layout = path.join(dir, "layout");
  const json = async <Content>(file: string) => JSON.parse(await readFile(file, "utf8")) as Content;
  const blob = <Content>(digest: string) => json<Content>(path.join(layout, "blobs", ...digest.split(":")));
  const index = await json<{ manifests: { digest: string }[] }>(path.join(layout, "index.json"));
  const manifest = await blob<{ config: { digest: string } }>(index.manifests[0]!.digest);
  const { config = {} } = await blob<{ config?: OciConfig }>(manifest.config.digest);
  const runtime = await json<{ process: { user: ImageConfig["user"] } }>(path.join(dir, "bundle", "config.json"));
  return {
    entrypoint: config.Entrypoint ?? [],
    command: config.Cmd ?? [],
    environment: config.Env ?? [],
    workingDirectory: config.WorkingDir ?? "",
    user: runtime.process.user,
    volumes: Object.keys(config.Volumes ?? {}),
  };
}

/** Mounts a writable layer over an image or a host's tree. */
export async function mountOverlay(lower: string, dir: string): Promise<string> {
  const [upper, work, merged] = ["upper", "work", "merged"].map((name) => path.join(dir, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [upper, work, merged]) await mkdir(folder, { recursive: true });
  await run("mount", ["-t", "overlay", "overlay", "-o", `lowerdir=${lower},upperdir=${upper},workdir=${work}`, merged]);
  return merged;
}

/** Unmounts what mountOverlay() mounted. */
export async function unmountOverlay(merged: string): Promise<void> {
  const { exitCode, stderr } = await attempt("umount", [merged]);
  if (exitCode !== 0 && !stderr.includes("not mounted")) await run("umount", ["--lazy", merged]);
}
