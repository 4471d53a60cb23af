/**
 * The schema of the stack's settings. Each key says what it means: docs/settings.md is made from it (npm run docs).
 * Meta: `description`, `example`; `type` and `default` where the schema does not show them; `pattern` and `uniqueItems` for
 * editors (docs/stack.schema.json), where a refinement checks them.
 */
import { z } from "zod";
import { caCertificates } from "./certificates";
import { cache } from "./cache";
import { spots } from "../jobs/capacity-providers";
import * as defaults from "./defaults";
import { driver } from "./driver";
import { groups, instanceRunners, projects } from "./entries";
import { host } from "./host";
import { images } from "./images";
import { httpProxy } from "./http-proxy";
import { kmsKeyArn, logsKey } from "./kms-keys";
import { alarms, dashboard, debug, metrics } from "./observability";
import { runners } from "./runner-settings";
import { services } from "./services";
import { maxSize, size } from "./sizes";
import { tags } from "./tags";
import { imageReference } from "./image-reference";
import { always, distinct, strict } from "./values";

/** Alpine's, with the version where one is wanted. */
const packageName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9+._-]*([=~]{1,2}[A-Za-z0-9+._-]+)?$/,
    'not the name of an Alpine package, like "nodejs" or "go~1.25"',
  );

const notRevision = "not a text of up to 64 letters, digits and ._:+-";

const image = strict({
  packages: distinct(packageName)
    .default([])
    .meta({
      description: "Alpine packages to add to the image, for all jobs.",
      type: "list of string",
      example: ["nodejs", "npm", "go~1.25"],
    }),
  buildArgs: z
    .record(z.string(), z.string())
    .default({})
    .meta({
      description: "Other arguments for the build of image/Dockerfile.",
      type: "name → string",
      example: { ALPINE_IMAGE: "registry.example.com/alpine:3.23" },
    }),
  revision: z
    .union([z.string().regex(/^[\w.:+-]{1,64}$/, notRevision), z.number()], notRevision)
    .transform(String)
    .optional()
    .meta({
      description:
        "Any text. Another one builds the image again, with the newest packages that its Alpine release has, even where " +
        "the builder has kept the layers.",
      type: "string",
      default: "none",
      example: "2026-11",
    }),
  compression: z
    .enum(["gzip", "zstd"])
    .default("gzip")
    .meta({
      description:
        "Of the image's layers. Tasks start faster from `zstd`; BuildKit writes it, Docker's own builder only with the " +
        "containerd image store.",
      example: "zstd",
    }),
  uri: imageReference.optional().meta({
    description:
      "An image built elsewhere, of the tasks' architecture, instead of image/Dockerfile: with sshd and an " +
      "entry point like the one in image/. It is public or in ECR, at any of its addresses; a pull-through cache is " +
      "filled by the execution role.",
    default: "image/Dockerfile, built and pushed",
    example: "registry.example.com/ci/job:1",
  }),
}).superRefine(({ packages, buildArgs, revision, compression, uri }, context) => {
  const effectless = (path: string, verb = "has") =>
    context.addIssue({ code: "custom", path: [path], message: `${verb} no effect on an image given by uri` });
  if (uri !== undefined && Array.isArray(packages) && packages.length > 0) effectless("packages", "have");
  if (uri !== undefined && Object.keys(buildArgs ?? {}).length > 0) effectless("buildArgs", "have");
  if (uri !== undefined && revision !== undefined) effectless("revision");
  if (uri !== undefined && compression === "zstd") effectless("compression");
  if (revision !== undefined && buildArgs?.REVISION !== undefined) {
    context.addIssue({ code: "custom", path: ["buildArgs"], message: "REVISION is what revision sets; use one" });
  }
  if (Array.isArray(packages) && packages.length > 0 && buildArgs?.EXTRA_PACKAGES !== undefined) {
    context.addIssue({ code: "custom", path: ["buildArgs"], message: "EXTRA_PACKAGES is what packages sets; use one" });
  }
  for (const name of Object.keys(buildArgs ?? {}).filter((name) => name.startsWith("GITLAB_RUNNER_"))) {
    context.addIssue({ code: "custom", path: ["buildArgs", name], message: "is what host.runner sets" });
  }
}, always);

const network = strict({
  vpcId: z.string().startsWith("vpc-").optional().meta({
    description: "The VPC of hosts and tasks. Needs `network.subnetIds`.",
    default: "the default VPC",
    example: "vpc-0123456789abcdef0",
  }),
  subnetIds: distinct(z.string().startsWith("subnet-"))
    .min(1)
    .max(16, "ECS takes 16 subnets of a task at most")
    .optional()
    .meta({
      description: "Subnets of that VPC. Hosts are spread over their zones; tasks try one subnet after the other.",
      type: "list of string",
      default: "all of the default VPC's",
      example: ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"],
    }),
  assignPublicIp: z.boolean().optional().meta({
    description:
      "Gives hosts and tasks public addresses. Without them the subnets need a NAT gateway or another way out.",
    default: "true in the default VPC, false in a VPC given",
    example: false,
  }),
  httpProxy,
}).superRefine(({ vpcId, subnetIds }, context) => {
  if ((vpcId === undefined) === (subnetIds === undefined)) return;
  const [missing, given] = vpcId === undefined ? ["vpcId", "subnetIds"] : ["subnetIds", "vpcId"];
  context.addIssue({ code: "custom", path: [missing], message: `required with ${given}` });
}, always);

export const schema = strict({
  groups,
  projects,
  instanceRunners,
  runners,
  sizes: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, "not a name of lower-case letters, digits, dashes"), size)
    .default({})
    .transform((sizes) => ({ ...defaults.sizes, ...sizes }))
    .meta({
      description: "Task definitions by name. There is always one called `default`.",
      type: "name → object",
      default: "`default: {cpu: 1024, memory: 2048}`",
      example: { large: { cpu: 4096, memory: 16384, ephemeralStorage: 60 } },
    }),
  maxSize: maxSize.prefault({}),
  architecture: z
    .enum(["x86_64", "arm64"])
    .default(defaults.architecture)
    .meta({
      description:
        "Of the tasks and the job image, and of the hosts where `host.architecture` names no other. Another one builds " +
        "the image again and replaces the hosts; it needs the runner's checksum for it (`host.runner.sha256`).",
      example: "arm64",
    }),
  spot: z
    .enum(spots)
    .default("never")
    .meta({
      description:
        "Spot capacity: `never`, `prefer` (four of five tasks; on demand where there is none) or `only`. AWS has it " +
        "for both architectures. A job whose task is taken back fails as a system failure, which `retry` can name.",
      example: "prefer",
    }),
  image: image.prefault({}),
  images,
  services,
  network: network.prefault({}),
  caCertificates,
  host,
  driver,
  cache,
  logs: strict({
    retentionDays: z
      .literal(defaults.retentionDays)
      .default(defaults.logRetentionDays)
      .describe("Days that CloudWatch Logs keeps the output of tasks' containers and the runners' log."),
    kmsKeyId: logsKey,
  }).prefault({}),
  alarms,
  dashboard,
  metrics,
  debug,
  protect: z
    .boolean()
    .default(false)
    .describe(
      "Refuses to delete what holds state: cache bucket, image repository, log groups. To take a protected stack " +
        "down, set it to false, `npx pulumi up`, then `npx pulumi destroy`.",
    ),
  tags,
  kmsKeyArn,
  permissionsBoundary: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/,
      'not the ARN of a managed policy, like "arn:aws:iam::123456789012:policy/boundary"',
    )
    .optional()
    .meta({
      description: "ARN of the managed policy that bounds what the stack's roles may do.",
      default: "none",
      example: "arn:aws:iam::123456789012:policy/boundary",
    }),
  allowPlainHttp: z
    .boolean()
    .default(false)
    .describe(
      "Lets `gitlab:baseUrl` and `cloneUrl` begin with http://: the token, and those of runners and jobs, can be read on " +
        "the way then.",
    ),
});
