import { createHash } from "node:crypto";
import * as ecr from "@pulumi/awsx/ecr";
import * as pulumi from "@pulumi/pulumi";
import { folders, forEngine } from "../project";
import { sourceHash } from "../source-hash";
import type { Architecture, Tags } from "../types";

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
  readonly architecture: Architecture;
  /**
   * Refuses to delete the repository.
   * @default false
   */
  readonly protect?: boolean;
  readonly tags: Tags;
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

  private build(name: string, { architecture, buildArgs = {}, protect, tags }: JobImageArgs): pulumi.Output<string> {
    const repository = new ecr.Repository(
      name,
      {
        // Every image in the repository can be built again.
        forceDelete: !protect,
        imageScanningConfiguration: { scanOnPush: true },
        // A tag always names the same image, so that nobody's image changes while it is in use.
        imageTagMutability: "IMMUTABLE",
        lifecyclePolicy: {
          rules: [
            { tagStatus: "untagged", maximumAgeLimit: 1, description: "no untagged ones older than a day" },
            { tagStatus: "any", maximumNumberOfImages: 10, description: "the last ten" },
          ],
        },
        tags,
      },
      { parent: this, protect },
    );
    const platform = architecture === "arm64" ? "linux/arm64" : "linux/amd64";
    const image = new ecr.Image(
      name,
      {
        repositoryUrl: repository.url,
        context: forEngine(folders.image),
        args: buildArgs,
        platform,
        imageTag: imageTag(platform, buildArgs),
      },
      { parent: this, transforms: [withoutBuildOnPreview] },
    );
    return image.imageUri;
  }
}

/** A tag that follows from what the image is built of: a changed image needs another tag, as tags are immutable. */
export function imageTag(platform: string, buildArgs: Readonly<Record<string, string>>): string {
  const context = sourceHash(folders.image);
  const args = Object.entries(buildArgs).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([context, platform, args]))
    .digest("hex")
    .slice(0, 16);
}

/**
 * Keeps a preview from building the image: a preview must not need a builder. An update does not build at that point
 * either, since a value that differs between preview and update would show as a change.
 */
export const withoutBuildOnPreview: pulumi.ResourceTransform = ({ type, props, opts }) =>
  type === "docker-build:index:Image" ? { props: { ...props, buildOnPreview: false }, opts } : undefined;
