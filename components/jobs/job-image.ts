import { createHash } from "node:crypto";
import * as ecr from "@pulumi/awsx/ecr";
import * as pulumi from "@pulumi/pulumi";
import { folders, relative } from "../project";
import { sourceHash } from "../source-hash";

export interface JobImageArgs {
  /** An image built elsewhere; where left out, image/Dockerfile is built and pushed. */
  uri?: string;
  /** Arguments of the Dockerfile. */
  buildArgs: Record<string, string>;
  architecture: "x86_64" | "arm64";
  /** Refuses to delete the repository. */
  protect: boolean;
  tags: Record<string, string>;
}

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
    const repository = new ecr.Repository(
      name,
      {
        // Every image in it can be built again.
        forceDelete: !args.protect,
        imageScanningConfiguration: { scanOnPush: true },
        // What a tag names never changes under those who use it.
        imageTagMutability: "IMMUTABLE",
        lifecyclePolicy: {
          rules: [
            { tagStatus: "untagged", maximumAgeLimit: 1, description: "no untagged ones older than a day" },
            { tagStatus: "any", maximumNumberOfImages: 10, description: "the last ten" },
          ],
        },
        tags: args.tags,
      },
      { parent: this, protect: args.protect },
    );
    const platform = args.architecture === "arm64" ? "linux/arm64" : "linux/amd64";
    const image = new ecr.Image(
      name,
      {
        repositoryUrl: repository.url,
        context: relative(folders.image),
        args: args.buildArgs,
        platform,
        imageTag: imageTag(platform, args.buildArgs),
      },
      { parent: this, transforms: [withoutBuildOnPreview] },
    );
    return image.imageUri;
  }
}

/** Another content is another tag: an immutable one takes no second image. */
export function imageTag(platform: string, buildArgs: Record<string, string>): string {
  const context = sourceHash(folders.image);
  const args = Object.entries(buildArgs).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([context, platform, args]))
    .digest("hex")
    .slice(0, 16);
}

/** A preview must not need a builder, and a value that differs between preview and update would show as a change. */
export const withoutBuildOnPreview: pulumi.ResourceTransform = ({ type, props, opts }) =>
  type === "docker-build:index:Image" ? { props: { ...props, buildOnPreview: false }, opts } : undefined;
