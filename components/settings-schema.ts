import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import * as defaults from "./defaults";
import { ephemeralStorage, whyIllegal } from "./fargate-sizes";
import { entryKey, type EntryKind } from "./names";
import { alarms, dashboard, debug, kmsKeyId, metrics } from "./settings-observability";
import { always, strict } from "./settings-values";

/** A text that must be given; `how` says where to get it. */
const required = (how: string) => z.string({ error: (issue) => (issue.input === undefined ? how : undefined) });

/** A key as SSH programs want it: with a newline at its end, which the CLI cuts off when it reads a value from stdin. */
const secretKey = (text: z.ZodString) => text.transform((value) => pulumi.secret(`${value.trimEnd()}\n`));

const size = strict({
  /** CPU units, 1024 = 1 vCPU. */
  cpu: z.int(),
  /** MiB. */
  memory: z.int(),
  /** GiB; 20 where left out. */
  ephemeralStorage: z.int().min(ephemeralStorage.min).max(ephemeralStorage.max).optional(),
}).superRefine(({ cpu, memory }, context) => {
  const message = whyIllegal(cpu, memory);
  if (message) context.addIssue({ code: "custom", message });
});

const cidr = z
  .union([z.cidrv4(), z.cidrv6()], { error: 'not a network in CIDR notation, like "203.0.113.0/24"' })
  .refine((network) => !network.endsWith("/0"), {
    error: "would open SSH to the whole internet; name the networks you deploy from",
  });

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "not a SHA-256 in lower-case hexadecimal digits");
const baseUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ""));

/** Settings of one runner in GitLab. */
const attributes = {
  /** Description in GitLab and name in config.toml; the path where left out. */
  name: z.string().min(1).max(128).optional(),
  tags: z.array(z.string().min(1)).default([]),
  /** Takes jobs without tags; so where left out and there are no tags. */
  untagged: z.boolean().optional(),
  /** Jobs of protected branches and tags only. */
  protected: z.boolean().default(false),
  locked: z.boolean().default(false),
  paused: z.boolean().default(false),
  /** Seconds. */
  maximumTimeout: z.int().min(600).optional(),
  maintenanceNote: z.string().max(1024).optional(),
  /** A name of `sizes`. */
  size: z.string().default("default"),
  /** Jobs at once of this runner; `host.concurrency` where left out. */
  limit: z.int().min(1).optional(),
};

function entries(setting: string, kind: EntryKind, path: z.ZodString) {
  const entry = strict({ path, ...attributes }).superRefine(({ tags, untagged }, context) => {
    if (untagged !== false || (Array.isArray(tags) && tags.length > 0)) return;
    context.addIssue({ code: "custom", path: ["untagged"], message: "false needs tags, or the runner takes no job" });
  }, always);
  return z
    .array(z.preprocess((value) => (typeof value === "string" ? { path: value } : value), entry))
    .default([])
    .superRefine((list, context) => {
      const first = new Map<string, number>();
      (Array.isArray(list) ? list : []).forEach((one, index) => {
        if (typeof one?.path !== "string") return;
        // GitLab's paths are the same in upper and lower case.
        const path = one.path.toLowerCase();
        const at = first.get(path);
        if (at === undefined) first.set(path, index);
        else
          context.addIssue({
            code: "custom",
            path: [index],
            message: `duplicate of ${setting}[${at}]: ${JSON.stringify(one.path)}`,
          });
      });
    }, always)
    .transform((list) =>
      list.map((one) => ({
        ...one,
        kind,
        key: entryKey(kind, one.path),
        name: one.name ?? one.path,
        untagged: one.untagged ?? one.tags.length === 0,
      })),
    );
}

const segment = "[A-Za-z0-9_][A-Za-z0-9_.-]*";
const groupPath = z
  .string()
  .regex(new RegExp(`^${segment}(/${segment})*$`), 'not the path of a group, like "acme/backend"');
const projectPath = z
  .string()
  .regex(new RegExp(`^${segment}(/${segment})+$`), 'not the path of a project, like "acme/backend/api"');
const instanceName = z.string().regex(new RegExp(`^${segment}$`), "not a name of letters, digits, dots, dashes");

const image = strict({
  /** Arguments for the build of image/Dockerfile. */
  buildArgs: z.record(z.string(), z.string()).default({}),
  /** An image built elsewhere, in the place of image/Dockerfile. */
  uri: z.string().min(1).optional(),
}).superRefine(({ buildArgs, uri }, context) => {
  if (uri === undefined || Object.keys(buildArgs ?? {}).length === 0) return;
  context.addIssue({ code: "custom", path: ["buildArgs"], message: "have no effect on an image given by uri" });
}, always);

const network = strict({
  vpcId: z.string().startsWith("vpc-").optional(),
  subnetIds: z.array(z.string().startsWith("subnet-")).min(1).optional(),
  /** Public addresses for host and tasks; where left out: yes in the default VPC, no in a VPC given. */
  assignPublicIp: z.boolean().optional(),
}).superRefine(({ vpcId, subnetIds }, context) => {
  if ((vpcId === undefined) === (subnetIds === undefined)) return;
  const [missing, given] = vpcId === undefined ? ["vpcId", "subnetIds"] : ["subnetIds", "vpcId"];
  context.addIssue({ code: "custom", path: [missing], message: `required with ${given}` });
}, always);

const host = strict({
  instanceType: z.string().min(1).optional(),
  /** The latest Amazon Linux 2023 of the first deployment where left out. */
  amiId: z.string().startsWith("ami-").optional(),
  connection: strict({
    user: z.string().min(1).default(defaults.user),
    /** Which of the host's addresses the deployment connects to. */
    address: z.enum(["public", "private"]).optional(),
  }).prefault({}),
  /** In OpenSSH's format. */
  publicKey: required("required: the SSH public key of the host's administrator (ssh-keygen -t ed25519)").regex(
    /^ssh-(ed25519|rsa) \S+/,
    "not an ssh-ed25519 or ssh-rsa public key",
  ),
  privateKey: secretKey(
    required("required: set it by `pulumi config set --path host.privateKey --secret`").regex(
      /^-----BEGIN [A-Z ]*PRIVATE KEY-----/,
      "not a private key in PEM format",
    ),
  ),
  /** Jobs at once, all runners together. */
  concurrency: z.int().min(1).default(defaults.concurrency),
  /** Networks that may reach the host's SSH port. */
  adminCidrs: z.array(cidr, {
    error: (issue) => (issue.input === undefined ? "required: the networks you deploy from" : undefined),
  }),
  runner: strict({
    version: z.string().default(defaults.runner.version),
    baseUrl: baseUrl.default(defaults.runner.baseUrl),
    sha256: sha256.optional(),
  }).prefault({}),
  go: strict({
    version: z.string().default(defaults.go.version),
    baseUrl: baseUrl.default(defaults.go.baseUrl),
    sha256: sha256.optional(),
  }).prefault({}),
  /** GOPROXY of the driver's build; Go's own default where left out. */
  goProxy: z.string().min(1).optional(),
}).prefault({} as never);

export const schema = strict({
  groups: entries("groups", "group", groupPath),
  projects: entries("projects", "project", projectPath),
  instanceRunners: entries("instanceRunners", "instance", instanceName),
  sizes: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, "not a name of lower-case letters, digits, dashes"), size)
    .default({})
    .transform((sizes) => ({ ...defaults.sizes, ...sizes })),
  architecture: z.enum(["x86_64", "arm64"]).default("x86_64"),
  /** FARGATE_SPOT: never, where there is capacity, or only. */
  spot: z.enum(["never", "prefer", "only"]).default("never"),
  image: image.prefault({}),
  network: network.prefault({}),
  host,
  cache: strict({
    enabled: z.boolean().default(true),
    /** Days after which an archive is deleted. */
    expiryDays: z.int().min(1).default(defaults.cacheExpiryDays),
  }).prefault({}),
  logs: strict({
    retentionDays: z.literal(defaults.retentionDays).default(defaults.logRetentionDays),
    kmsKeyId,
  }).prefault({}),
  alarms,
  dashboard,
  metrics,
  debug,
  tags: z.record(z.string().min(1).max(128), z.string().max(256)).default({}),
});
