import { createHash } from "node:crypto";
import * as ecr from "@pulumi/awsx/ecr";
import * as pulumi from "@pulumi/pulumi";
import { goArch } from "../go-arch";
import { folders, forEngine } from "../project";
import { sourceHash } from "../source-hash";
import type { Architecture, Tags } from "../types";
import { buildContext } from "./build-context";

export type Compression = "gzip" | "zstd";

export interface JobImageArgs {
  /**
   * URI of an image that was built elsewhere.
   * @default image/Dockerfile, built and pushed to a repository of the stack's own
   */
  readonly uri?: pulumi.Input<string>;
  /**
   * Arguments of the Dockerfile.
   * @default none
   */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /**
   * Of the layers. zstd unpacks faster, and needs a builder that can write it.
   * @default gzip
   */
  readonly compression?: Compression;
  readonly architecture: Architecture;
  /**
   * ARN of the KMS key that encrypts the repository. Another one replaces it.
   * @default ECR's own encryption
   */
  readonly kmsKeyArn?: pulumi.Input<string>;
  /**
   * Refuses to delete the repository.
   * @default false
   */
  readonly protect?: boolean;
  readonly tags: Tags;
}

/** A stack that has pushed so many images after the one in use has lost it; each deployment pushes one at most. */
const keptImages = 100;

/** The image that jobs run in: built from image/ and pushed to a repository of the stack's own, or given by its URI. */
export class JobImage extends pulumi.ComponentResource {
  /** By digest where built here. */
  readonly uri: pulumi.Output<string>;

  constructor(name: string, args: JobImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:JobImage", name, {}, opts);
    this.uri = args.uri === undefined ? this.build(name, args) : pulumi.output(args.uri);
    this.registerOutputs({ uri: this.uri });
  }

  private build(name: string, args: JobImageArgs): pulumi.Output<string> {
    const { architecture, buildArgs = {}, compression = "gzip", kmsKeyArn: kmsKey, protect, tags } = args;
    const repository = new ecr.Repository(
      name,
      {
        // Every image in the repository can be built again.
        forceDelete: !protect,
        imageScanningConfiguration: { scanOnPush: true },
        ...(kmsKey !== undefined && { encryptionConfigurations: [{ encryptionType: "KMS", kmsKey }] }),
        // Task definitions name the image by its digest, so nobody's image changes when a tag moves. A tag has to be
        // able to move: who goes back to an earlier content, or builds one again, pushes to the tag of before.
        imageTagMutability: "MUTABLE",
        lifecyclePolicy: {
          // ECR does not know what is in use. Age says nothing about it, tagged or not: an image can be in use for
          // years, and is old on the day that it loses its tag. In use is the newest push, or one that a deployment
          // went back to.
          rules: [{ tagStatus: "any", maximumNumberOfImages: keptImages, description: `the last ${keptImages}` }],
        },
        tags,
      },
      { parent: this, protect },
    );
    const platform = `linux/${goArch(architecture)}`;
    const image = new ecr.Image(
      name,
      {
        repositoryUrl: repository.url,
        context: forEngine(buildContext()),
        args: buildArgs,
        platform,
        imageTag: imageTag({ platform, buildArgs, compression }),
      },
      { parent: this, transforms: [buildOptions(compression)] },
    );
    return image.imageUri;
  }
}

interface BuiltOf {
  platform: string;
  buildArgs: Readonly<Record<string, string>>;
  compression: Compression;
}

/** A tag that follows from what the image is built of, so that a changed image is another resource with another tag. */
export function imageTag({ platform, buildArgs, compression }: BuiltOf): string {
  const context = sourceHash(folders.image);
  const args = Object.entries(buildArgs).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([context, platform, args, compression]))
    .digest("hex")
    .slice(0, 16);
}

/** What awsx does not pass on to the resource of docker-build that it makes. */
export function buildOptions(compression: Compression): pulumi.ResourceTransform {
  return ({ type, props, opts }) => {
    if (type !== "docker-build:index:Image") return undefined;
    // A preview must not need a builder. An update does not build at that point either, since a value that differs
    // between preview and update would show as a change.
    const given = { ...props, buildOnPreview: false, ...(compression === "zstd" && zstdExport) };
    // A changed image is another resource, and with the earlier one docker-build would delete its image from ECR: that
    // of jobs which are being started, or, where the digest stayed as it was, the one that has just been pushed.
    return { props: given, opts: { ...opts, retainOnDelete: true } };
  };
}

/** In the place of `push`. Without `forceCompression` the base image's layers would stay in gzip. */
const zstdExport = {
  push: false,
  exports: [{ registry: { push: true, compression: "zstd", forceCompression: true, ociMediaTypes: true } }],
};
