/**
 * Images that are nobody's here, for tests: made once, kept in the cache, and pushed to the sandbox's ECR by the test that
 * takes them:
 *
 *     const image = await pushForeignImage("postgres"); // for a task definition
 */
import { createHash } from "node:crypto";
import * as path from "node:path";
import { CreateRepositoryCommand, ECRClient, RepositoryAlreadyExistsException } from "@aws-sdk/client-ecr";
import { awsEndpoint, cacheDir, ecrRegistry, region, registryStore } from "../../../sandbox/config";
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

/**
 * Pushes one to the account's ECR, past its passwords; a repository is made where there is none. Resolves to what a task
 * definition names it by.
 */
export async function pushForeignImage(
  name: ImageName,
  image = `${ecrRegistry}/foreign/${name}:latest`,
): Promise<string> {
  const [, made] = artifacts.find(([one]) => one === name)!;
  const source = `oci:${path.join(folderOf(cacheDir, made), layout)}`;
  const target = `docker://${mapRegistry(image, registryStore)}`;
  await createRepository(image.slice(ecrRegistry.length + 1).replace(/[:@].*$/, ""));
  await run("skopeo", ["--insecure-policy", "copy", "--dest-tls-verify=false", source, target]);
  return image;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";

/** Pushes one as `pushForeignImage` does, by an index that has it for one platform of Linux alone. */
export async function pushForeignIndex(name: ImageName, image: string, architecture: string): Promise<string> {
  await pushForeignImage(name, image);
  const [, repository, tag] = /^[^/]+\/(.+):([^:]+)$/.exec(image)!;
  const address = `http://${registryStore}/v2/${repository}/manifests/${tag}`;
  const manifest = Buffer.from(await (await fetch(address, { headers: { accept: manifestType } })).arrayBuffer());
  const digest = `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
  const platform = { os: "linux", architecture };
  const manifests = [{ mediaType: manifestType, digest, size: manifest.length, platform }];
  const body = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests });
  const answer = await fetch(address, { method: "PUT", headers: { "content-type": indexType }, body });
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`);
  return image;
}

async function createRepository(repositoryName: string): Promise<void> {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new ECRClient({ endpoint: awsEndpoint, region, credentials });
  try {
    await client.send(new CreateRepositoryCommand({ repositoryName }));
  } catch (error) {
    if (!(error instanceof RepositoryAlreadyExistsException)) throw error;
  } finally {
    client.destroy();
  }
}
