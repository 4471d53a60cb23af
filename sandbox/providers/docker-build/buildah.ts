/** Builds and pushes images by buildah, which needs no daemon. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { follow } from "../../command";
import { BuildCache } from "./build-cache";
import { buildahEnvironment } from "./buildah-environment";
import { basic, mapRegistry, manifest, tagAgain, type Credentials } from "./registry";

interface Run {
  /** Gets each line of the program's output. */
  onOutput(line: string): void;
  /** Ends the program. */
  signal: AbortSignal;
}

export interface BuilderOptions {
  /** A root file system as .tar, which images can start from as `baseImage`. */
  alpineRootfs: string;
  /** A folder with an apk repository, and the list of repositories that names it. */
  apkRepository: string;
  /** The key that the repository is signed with. */
  apkKey: string;
  /** For image layers and for what a build leaves behind. */
  stateDir: string;
  /** Where the images of ECR's host names really go. */
  registry: string;
}

export interface BuildRequest extends Run {
  context: string;
  dockerfile: string;
  buildArgs: Record<string, string>;
  labels: Record<string, string>;
  platform?: string;
  target?: string;
  tags: string[];
  push: boolean;
  compression: "gzip" | "zstd";
  credentials?: Credentials;
}

/** The name under which a Dockerfile finds the local base; builds never pull. */
const baseImage = "docker.io/library/alpine:3.23";

export interface Builder {
  /** The digest of what was pushed, or undefined where nothing was. Throws with the end of the build's output. */
  build(request: BuildRequest): Promise<string | undefined>;
  /** Throws where the registry does not answer with the manifest: it is gone, or the password has expired. */
  inspect(tag: string, digest: string, credentials?: Credentials): Promise<unknown>;
  /** Deletes a manifest with all tags that it has. Throws where the registry refuses. */
  remove(repository: string, digest: string, credentials?: Credentials): Promise<unknown>;
}

export function createBuilder(options: BuilderOptions): Builder {
  const storage = [
    ...["--root", path.join(options.stateDir, "storage"), "--runroot", path.join(options.stateDir, "run")],
    // Plain folders: nothing is mounted that a crash could leave behind.
    ...["--storage-driver", "vfs"],
  ];
  let env: NodeJS.ProcessEnv | undefined;
  const buildah: Buildah = (args, { onOutput, signal }) => {
    env ??= buildahEnvironment(options.stateDir);
    return follow("buildah", [...storage, ...args], { env, signal, onLine: onOutput, name: `buildah ${args[0]}` });
  };
  const cache = new BuildCache();
  let cleared: Promise<void> | undefined;
  let importing: Promise<void> | undefined;

  // One import at a time, and one that failed or has vanished from the disk is made again.
  const ensureBase = async (signal: AbortSignal) => {
    const quiet = { onOutput: () => {}, signal };
    await (cleared ??= clearStorage(buildah, quiet));
    if ((await buildah(["images", "--quiet", "--filter", `reference=${baseImage}`], quiet)).trim()) return;
    importing ??= importBase(buildah, options, quiet).finally(() => (importing = undefined));
    await importing;
  };

  return {
    inspect: (tag, digest, credentials) =>
      manifest("GET", tag.replace(/:[^:/]*$/, ""), digest, { registry: options.registry, credentials }),

    remove: (repository, digest, credentials) =>
      manifest("DELETE", repository, digest, { registry: options.registry, credentials }),

    async build(request) {
      const known = request.push ? await cache.find(request) : undefined;
      if (known !== undefined && (await tagAgain(request, known, options.registry))) return known;
      mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
      await ensureBase(request.signal);
      const scratch = mkdtempSync(path.join(options.stateDir, "build-"));
      try {
        const idFile = path.join(scratch, "image-id");
        await buildah(["build", "--iidfile", idFile, ...buildArguments(request, options)], request).catch(
          (error: Error) => {
            throw explainMissing(error, readdirSync(path.join(options.apkRepository, "x86_64")));
          },
        );
        const image = readFileSync(idFile, "utf8").trim();
        if (!request.push) return undefined;
        const digest = await push(buildah, image, scratch, options.registry, request);
        await cache.keep(request, digest);
        return digest;
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    },
  };
}

/** Alpine has thousands of packages, the sandbox's repository a few: who asks for another one is told which. */
export function explainMissing(error: Error, files: string[]): Error {
  if (!error.message.includes("unable to select packages")) return error;
  const names = files.flatMap((file) => /^(.+)-\d[^-]*-r\d+\.apk$/.exec(file)?.[1] ?? []);
  const hint = `The sandbox has no other packages than ${names.sort().join(", ")}; Alpine may well have them.`;
  return new Error(`${error.message}\n${hint}`, { cause: error });
}

type Buildah = (args: string[], run: Run) => Promise<string>;

/** What earlier processes left: a killed build leaves its working container. */
async function clearStorage(buildah: Buildah, run: Run): Promise<void> {
  await buildah(["rm", "--all"], run);
  await buildah(["rmi", "--all", "--force"], run);
}

async function push(buildah: Buildah, image: string, scratch: string, registry: string, request: BuildRequest) {
  const digestFile = path.join(scratch, "digest");
  const authFile = path.join(scratch, "auth.json");
  const { credentials } = request;
  const auths = credentials ? { [registry]: { auth: basic(credentials) } } : {};
  writeFileSync(authFile, JSON.stringify({ auths }), { mode: 0o600 });
  for (const tag of request.tags) {
    const target = `docker://${mapRegistry(tag, registry)}`;
    await buildah(
      [
        ...["push", "--tls-verify=false", "--authfile", authFile, "--format", "oci"],
        ...["--compression-format", request.compression, "--digestfile", digestFile, image, target],
      ],
      request,
    );
  }
  // From here on the registry has it.
  await buildah(["rmi", "--force", image], { ...request, onOutput: () => {} });
  return readFileSync(digestFile, "utf8").trim();
}

async function importBase(buildah: Buildah, options: BuilderOptions, run: Run): Promise<void> {
  const base = (await buildah(["from", "scratch"], run)).trim();
  try {
    await buildah(["add", "--quiet", base, options.alpineRootfs, "/"], run);
    await buildah(["config", "--cmd", "/bin/sh", base], run);
    await buildah(["commit", "--quiet", "--timestamp", "0", base, baseImage], run);
  } finally {
    await buildah(["rm", base], { ...run, signal: new AbortController().signal }).catch(() => {});
  }
}

function buildArguments(request: BuildRequest, { apkRepository, apkKey }: BuilderOptions): string[] {
  const key = `/etc/apk/keys/${path.basename(apkKey)}`;
  const pairs = (flag: string, values: Record<string, string>) =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  return [
    // RUN in a changed root: no container runtime, no network or cgroup of its own.
    ...["--isolation", "chroot", "--network", "host", "--pull=never"],
    // What a build writes has no time of its own; what its programs write (apk's log) has one all the same.
    ...["--timestamp", "0", "--format", "oci", "--layers=false"],
    ...["--volume", `${apkRepository}:${repositoryMount(apkRepository)}:ro`],
    ...["--volume", `${path.join(apkRepository, "repositories")}:/etc/apk/repositories:ro`],
    ...["--volume", `${apkKey}:${key}:ro`],
    ...pairs("--build-arg", request.buildArgs),
    ...pairs("--label", request.labels),
    ...(request.platform ? ["--platform", request.platform] : []),
    ...(request.target ? ["--target", request.target] : []),
    ...request.tags.flatMap((tag) => ["--tag", tag]),
    ...ignoreFile(request),
    ...["--file", request.dockerfile, request.context],
  ];
}

/** The list of repositories names the folder by the place where it is mounted. */
function repositoryMount(apkRepository: string): string {
  const list = readFileSync(path.join(apkRepository, "repositories"), "utf8");
  const local = list.split("\n").find((line) => line.startsWith("/"));
  if (!local) throw new Error(`${apkRepository}/repositories names no local folder`);
  return local.trim();
}

function ignoreFile({ dockerfile }: BuildRequest): string[] {
  const own = `${dockerfile}.dockerignore`;
  return existsSync(own) ? ["--ignorefile", own] : [];
}
