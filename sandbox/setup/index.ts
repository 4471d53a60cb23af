/** All that has to be there before the sandbox starts: the artifacts, in the cache. */
import { mkdir } from "node:fs/promises";
import * as path from "node:path";
import { cacheDir } from "../config";
import { ensure, type ProgressEvent } from "./artifact";
import { alpine, alpineRootfsFile } from "./artifacts/alpine";
import { apkKeyFile, apkRepository } from "./artifacts/apk";
import { awsProvider, awsProviderFile } from "./artifacts/aws-provider";
import { downloads } from "./artifacts/downloads";
import { goToolchain } from "./artifacts/go-toolchain";
import { hostTree, hostTreeFolder } from "./artifacts/host";
import { shellLinters, staticcheck } from "./artifacts/linters";
import { moto, motoPython } from "./artifacts/moto";
import { pulumi } from "./artifacts/pulumi";
import { registry, registryFile } from "./artifacts/registry";
import { runner, runnerFile } from "./artifacts/runner";
import { tools } from "./artifacts/tools";
import { catalog } from "./catalog";
import { ensureAll } from "./schedule";
import { versions } from "./versions";

/** Paths of what was prepared. All of it is shared between sandboxes: read only. */
export interface Artifacts {
  /** Programs in place of the machine's, for sandbox/world/enter.sh. */
  tools: string;
  /** A PULUMI_HOME: holds versions/<pulumiVersion>/bin/{pulumi,pulumi-language-nodejs}. */
  pulumiHome: string;
  /** To be set as PULUMI_VERSION, so that the npm package `pulumi` takes this version and downloads none. */
  pulumiVersion: string;
  /** Static gitlab-runner binary. */
  runner: string;
  /** Tar archive of an alpine image's root file system. */
  alpineRootfs: string;
  /** Folder with x86_64/, the file `repositories` and the public key; to be mounted at /repo in the image build. */
  apkRepository: string;
  /** The repository's public key; to be mounted in /etc/apk/keys in the image build. */
  apkKey: string;
  /** Root file system of a virtual machine. */
  hostTree: string;
  /** Interpreter of the environment that has moto, botocore and cfn-lint. */
  motoPython: string;
  /** Executable of the registry of images. */
  registry: string;
  /** Folder to be served: /gitlab-runner/…, /go/…, /goproxy/…. */
  downloads: string;
  linters: { shellcheck: string; hadolint: string; staticcheck: string };
}

/** Builds at a time: each of the long ones keeps both processors of a small machine busy. */
const buildsAtATime = 2;

interface Preparing {
  onProgress(event: ProgressEvent): void;
  signal?: AbortSignal | undefined;
}

/**
 * Brings all artifacts into the cache, and tells of each whether it was there or how long its build took.
 * @throws Error with the artifact's name, the end of the build's output and the path of its log
 */
export async function prepareArtifacts(options: Preparing): Promise<Artifacts> {
  const toolsFolder = await prepareTools(options);
  const folders = await ensureAll(catalog, { cache: cacheDir, limit: buildsAtATime, ...options, tools: toolsFolder });
  const file = (artifact: { name: string }, ...parts: string[]) =>
    path.join(folders.get(artifact.name) ?? "", ...parts);
  return {
    tools: toolsFolder,
    pulumiHome: file(pulumi),
    pulumiVersion: versions.pulumi,
    runner: file(runner, runnerFile),
    alpineRootfs: file(alpine, alpineRootfsFile),
    apkRepository: file(apkRepository),
    apkKey: file(apkRepository, apkKeyFile),
    hostTree: file(hostTree, hostTreeFolder),
    motoPython: file(moto, motoPython),
    registry: file(registry, registryFile),
    downloads: file(downloads),
    linters: {
      shellcheck: file(shellLinters, "bin", "shellcheck"),
      hadolint: file(shellLinters, "bin", "hadolint"),
      staticcheck: file(staticcheck, "staticcheck"),
    },
  };
}

/** What all else is built with: programs, and Go. Resolves to the programs' folder. */
export async function prepareTools(options: Preparing): Promise<string> {
  await mkdir(cacheDir, { recursive: true });
  const folder = await ensure(tools, { cache: cacheDir, ...options });
  await ensure(goToolchain, { cache: cacheDir, ...options, tools: folder });
  return folder;
}

/** The same for what only those need who ask for it: the real aws provider's executable. */
export async function prepareAwsProvider({ onProgress, signal }: Preparing): Promise<string> {
  const options = { onProgress, signal };
  const toolsFolder = await prepareTools(options);
  return path.join(await ensure(awsProvider, { cache: cacheDir, ...options, tools: toolsFolder }), awsProviderFile);
}
