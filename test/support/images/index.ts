/**
 * Images that are nobody's here, for tests: made once, kept in the cache, and pushed to the sandbox's ECR by the test that
 * takes them:
 *
 *     const image = await pushForeignImage("postgres"); // for a task definition
 */
import * as path from "node:path";
import { accountId, cacheDir, region, registryStore } from "../../../sandbox/config";
import { run } from "../../../sandbox/command";
import { mapRegistry } from "../../../sandbox/providers/docker-build/registry";
import { prepareTools } from "../../../sandbox/setup";
import { ensure, folderOf, type Artifact, type ProgressEvent } from "../../../sandbox/setup/artifact";
import { versions } from "../../../sandbox/setup/versions";
import { sources, type ImageName, type ImageSource } from "./list";

/** Of the OCI layout in the artifact, and its one tag. */
const layout = "layout:image";

const artifacts = Object.entries(sources).map(([name, source]): [ImageName, Artifact] => [
  name as ImageName,
  artifact(name, source),
]);

function artifact(name: string, { packages, files, fill, config }: ImageSource): Artifact {
  return {
    name: `foreign-image-${name}`,
    inputs: [versions.debianOfPackages, versions.go, ...packages, "as", ...config],
    files,
    async build({ dir, scratch, run }) {
      const root = path.join(scratch, "root");
      await fill(root, run);
      const image = path.join(dir, layout);
      await run("umoci", ["init", "--layout", path.join(dir, "layout")]);
      await run("umoci", ["new", "--image", image]);
      await run("umoci", ["insert", "--image", image, root, "/"]);
      await run("umoci", ["config", "--image", image, ...config]);
    },
  };
}

interface Preparing {
  onProgress(event: ProgressEvent): void;
  signal?: AbortSignal | undefined;
}

/** Brings them into the cache. Takes a network where one is not there. */
export async function prepareForeignImages(options: Preparing): Promise<void> {
  const tools = await prepareTools(options);
  for (const [, one] of artifacts) await ensure(one, { cache: cacheDir, tools, ...options });
}

const ecr = `${accountId}.dkr.ecr.${region}.amazonaws.com`;

/**
 * Pushes one to the account's ECR, past its passwords; a repository need not be there. Resolves to what a task definition
 * names it by.
 */
export async function pushForeignImage(name: ImageName, image = `${ecr}/foreign/${name}:latest`): Promise<string> {
  const [, made] = artifacts.find(([one]) => one === name)!;
  const source = `oci:${path.join(folderOf(cacheDir, made), layout)}`;
  const target = `docker://${mapRegistry(image, registryStore)}`;
  await run("skopeo", ["--insecure-policy", "copy", "--dest-tls-verify=false", source, target]);
  return image;
}
