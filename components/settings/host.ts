/** The schema of `host`: the machines that poll GitLab, and how a deployment reaches them. */
import { z } from "zod";
import * as defaults from "./defaults";
import { always, baseUrl, cidr, required, secretKey, sha256, strict } from "./values";

const proxy = strict({
  host: z.string().min(1).meta({ description: "Its address.", example: "bastion.example.com" }),
  port: z.int().min(1).max(65535).default(22).describe("Its SSH port."),
  user: z.string().min(1).default(defaults.user).meta({ description: "Login there.", example: "admin" }),
  privateKey: secretKey(z.string()).optional().meta({
    description: "SSH key for it.",
    type: "secret string",
    default: "`host.privateKey`",
    example: "-----BEGIN OPENSSH PRIVATE KEY-----",
  }),
  hostKey: z
    .string()
    .regex(/^(ssh|ecdsa)-\S+ \S+/, 'not a public key like "ssh-ed25519 AAAA…"')
    .optional()
    .meta({
      description: "The only host key that is believed, as in known_hosts without the name.",
      default: "any is believed",
      example: "ssh-ed25519 AAAA…",
    }),
});

const connection = strict({
  user: z.string().min(1).default(defaults.user).meta({ description: "Login with sudo.", example: "admin" }),
  address: z.enum(["public", "private"]).optional().meta({
    description: "Which of a host's addresses the deployment connects to.",
    default: "`public` where hosts have one and no `proxy` is set",
    example: "private",
  }),
  proxy: proxy.optional().meta({
    description: "A machine to connect through (bastion, jump host). `host.adminCidrs` has to hold its address.",
    example: { host: "bastion.example.com", user: "admin" },
  }),
});

const archive = (what: string, { version, baseUrl: mirror }: { version: string; baseUrl: string }, sum: object) =>
  strict({
    version: z
      .string()
      .default(version)
      .meta({ description: `Version of ${what}.`, example: version }),
    baseUrl: baseUrl.default(mirror).meta({
      description: "Where it is downloaded from: a mirror with the same paths.",
      example: "https://mirror.example.com/ci",
    }),
    sha256: sha256.optional().meta({ example: "ab".repeat(32), ...sum }),
  }).prefault({});

export const host = strict({
  count: z.int().min(1).max(20).default(1).meta({
    description: "How many hosts, spread over the subnets' zones. All serve every runner.",
    example: 2,
  }),
  architecture: z.enum(["x86_64", "arm64"]).optional().meta({
    description: "Of the hosts; tasks have their own.",
    default: "`architecture`",
    example: "arm64",
  }),
  instanceType: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        "EC2 instance type, of the hosts' architecture. It has 2 GiB or more; the driver is compiled on hosts.",
      default: `${defaults.instanceType.x86_64} or ${defaults.instanceType.arm64}`,
      example: "t3.medium",
    }),
  amiId: z.string().startsWith("ami-").optional().meta({
    description: "Machine image of new hosts, with systemd and curl. A host that is there keeps its own.",
    default: "the latest Amazon Linux 2023",
    example: "ami-0123456789abcdef0",
  }),
  connection: connection.prefault({}),
  publicKey: required(
    'required: the SSH public key of the host\'s administrator: `ssh-keygen -t ed25519 -N "" -f runner-host`, ' +
      'then `pulumi config set --path gitlab-fargate-runners:host.publicKey "$(cat runner-host.pub)"`',
  )
    .regex(/^ssh-(ed25519|rsa) \S+/, "not an ssh-ed25519 or ssh-rsa public key")
    .meta({ description: "SSH public key of the deployment, in OpenSSH's format.", example: "ssh-ed25519 AAAA…" }),
  privateKey: secretKey(
    required(
      "required: its private key: " +
        "`pulumi config set --path gitlab-fargate-runners:host.privateKey --secret < runner-host`",
    ),
  ).meta({
    description: "Its private key.",
    type: "secret string",
    example: "-----BEGIN OPENSSH PRIVATE KEY-----",
  }),
  concurrency: z.int().min(1).default(defaults.concurrency).meta({
    description: "Jobs at once on each host, all runners together; the stack runs `host.count` times as many.",
    example: 50,
  }),
  adminCidrs: z
    .array(cidr("203.0.113.0/24"), {
      error: (issue) =>
        issue.input === undefined
          ? "required: the networks you deploy from: " +
            "`pulumi config set --path 'gitlab-fargate-runners:host.adminCidrs[0]' 203.0.113.7/32`"
          : undefined,
    })
    .meta({
      description: "Networks that may reach the hosts' SSH port; nothing else can reach a host.",
      example: ["203.0.113.0/24"],
    }),
  allowSshFromAnywhere: z
    .boolean()
    .default(false)
    .describe("Lets `host.adminCidrs` hold 0.0.0.0/0 and ::/0: SSH is open to the whole internet then."),
  runner: archive("GitLab Runner on the hosts", defaults.runner, {
    description: 'Its checksum: the line "binaries/gitlab-runner-linux-…" of the version\'s release.sha256.',
    default: "required",
  }),
  go: archive("the Go tool chain that compiles the driver on the hosts", defaults.go, {
    description: "Its checksum, as https://go.dev/dl/?mode=json&include=all lists it.",
    default: "known for the default version; required for another one",
  }),
  goProxy: z.string().min(1).optional().meta({
    description: "GOPROXY of the driver's build.",
    default: "Go's own",
    example: "https://goproxy.example.com,direct",
  }),
})
  .superRefine(({ adminCidrs, allowSshFromAnywhere }, context) => {
    if (allowSshFromAnywhere === true || !Array.isArray(adminCidrs)) return;
    adminCidrs.forEach((network, index) => {
      if (typeof network !== "string" || !network.endsWith("/0")) return;
      const message =
        "would open SSH to the whole internet; name the networks you deploy from, or set host.allowSshFromAnywhere";
      context.addIssue({ code: "custom", path: ["adminCidrs", index], message });
    });
  }, always)
  .prefault({} as never);
