/** `awsx.ecr.Image`: a Dockerfile built and pushed to an ECR repository, known by its digest. */
import { createHash } from "node:crypto";
import * as ecr from "@pulumi/aws/ecr";
import * as docker from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

export interface ImageArgs {
  repositoryUrl: pulumi.Input<string>;
  /** The AWS account; read from the URL where it is missing. */
  registryId?: pulumi.Input<string>;
  context?: pulumi.Input<string>;
  dockerfile?: pulumi.Input<string>;
  args?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  platform?: pulumi.Input<string>;
  target?: pulumi.Input<string>;
  cacheFrom?: pulumi.Input<pulumi.Input<string>[]>;
  /** Where given, also the child's name. */
  imageName?: pulumi.Input<string>;
  imageTag?: pulumi.Input<string>;
}

export class Image extends pulumi.ComponentResource {
  declare readonly imageUri: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs, opts: pulumi.ComponentResourceOptions) {
    super("awsx:ecr:Image", name, {}, opts);
    // The child's name depends on the inputs, so it is registered only when they are known, as by the real provider: the
    // preview of a first deployment does not show it.
    this.imageUri = pulumi.output(args).apply((known) => buildImage(known, this));
    this.registerOutputs({ imageUri: this.imageUri });
  }
}

function buildImage(args: pulumi.Unwrap<ImageArgs>, parent: pulumi.Resource): pulumi.Output<string> {
  const name = args.imageName || args.imageTag || childName(args);
  const tag = `${args.repositoryUrl}:${name}`;
  const cacheFrom = args.cacheFrom?.length ? args.cacheFrom : [tag];
  const image = new docker.Image(
    name,
    {
      tags: [tag],
      buildArgs: args.args,
      cacheFrom: cacheFrom.map((ref) => ({ registry: { ref } })),
      cacheTo: [{ inline: {} }],
      context: { location: args.context ?? "." },
      dockerfile: { location: args.dockerfile },
      platforms: args.platform ? [args.platform as docker.Platform] : [],
      target: args.target,
      push: true,
      registries: [registryCredentials(args, parent)],
    },
    { parent },
  );
  return pulumi.all([image.ref, image.digest]).apply(([ref, digest]) => {
    if (digest) return `${args.repositoryUrl}@${digest}`;
    return ref ? ref.replace(/^(.*):([^@]+)(@sha256:.+)$/, "$1$3") : tag;
  });
}

/** Says which image it is, so that two images of one repository do not collide. */
function childName({ context = ".", dockerfile, args = {} }: pulumi.Unwrap<ImageArgs>): string {
  const parts = [
    context,
    ...(dockerfile ? [`;dockerfile=${dockerfile}`] : []),
    ...Object.entries(args).map(([name, value]) => `;arg[${name}]=${value}`),
    pulumi.getStack(),
  ];
  return `${createHash("sha1").update(parts.join("")).digest("hex").slice(0, 8)}-container`;
}

function registryCredentials({ repositoryUrl, registryId }: pulumi.Unwrap<ImageArgs>, parent: pulumi.Resource) {
  const url = `https://${repositoryUrl.replace(/^https:\/\//, "")}`;
  if (!URL.canParse(url)) {
    const reason = "Repository URL is not a valid URL.";
    throw new pulumi.InputPropertyError({ propertyPath: "repositoryUrl", reason });
  }
  const account = registryId || new URL(url).hostname.split(".", 1)[0];
  return ecr
    .getAuthorizationTokenOutput({ registryId: account }, { parent })
    .apply(({ proxyEndpoint: address, userName: username, password }) => {
      if (!username || !password) throw new Error("Invalid credentials");
      return { address, username, password };
    });
}
