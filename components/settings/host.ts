/** The schema of `host`: the machines that poll GitLab, and how a deployment reaches them. */
import { z } from "zod";
import * as defaults from "./defaults";
import { cidr, isWide, wideOpen } from "./networks";
import { always, baseUrl, distinct, publicKey, required, secretKey, sha256, strict } from "./values";
import { goVersion, runnerVersion } from "./versions";

/** What EC2 takes as a key pair. */
export const keyTypes = ["ssh-ed25519", "ssh-rsa"];

/** Of a pair whose private half nobody has. */
const example = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbn5+c+4K+gXP0jFDTBnktkqSAA8YqM1KUNoZAYixRC";

const proxy = strict({
  host: z
    .string()
    .min(1)
    .regex(
      /^([\w.-]*|[\da-f:.]*:[\da-f:.]*:[\da-f:.]*)$/i,
      "not a host's name or address alone; its port is proxy.port",
    )
    .meta({ description: "Its address.", example: "bastion.example.com" }),
  port: z.int().min(1).max(65535).default(22).describe("Its SSH port."),
  user: z.string().min(1).default(defaults.user).meta({ description: "Login there.", example: "admin" }),
  privateKey: secretKey(z.string()).optional().meta({
    description: "SSH key for it.",
    type: "secret string",
    default: "that of the hosts; required without `host.privateKey`",
    example: "-----BEGIN OPENSSH PRIVATE KEY-----…",
  }),
  // For an RSA key the engine's SSH client asks for signatures with SHA-1 only, which every current sshd refuses.
  hostKey: publicKey(
    required(
      "required: the only host key that is believed: `ssh-keyscan -t ed25519,ecdsa ADDRESS` shows it, without the name; " +
        "compare it with what is in /etc/ssh/ssh_host_ed25519_key.pub there",
    ),
    ["ssh-ed25519", ...["256", "384", "521"].map((n) => `ecdsa-sha2-nistp${n}`)],
  ).meta({
    description: "The only host key that is believed, as in known_hosts without the name: ed25519 or ECDSA.",
    example,
  }),
});

const connection = strict({
  user: z
    .string()
    .min(1)
    .default(defaults.user)
    .meta({ description: "The account to log in with. It needs sudo.", example: "admin" }),
  address: z.enum(["public", "private"]).optional().meta({
    description: "Which of a host's addresses the deployment connects to.",
    default: "`public` where hosts have one and no `proxy` is set",
    example: "private",
  }),
  proxy: proxy.optional().meta({
    description: "A machine to connect through (bastion, jump host). `host.adminCidrs` has to hold its address.",
    example: { host: "bastion.example.com", user: "admin", hostKey: example },
  }),
});

const deployFrom =
  "the networks you deploy from: " +
  "`npx pulumi config set --path 'gitlab-fargate-runners:host.adminCidrs[0]' 203.0.113.7/32`";

const archive = (
  what: string,
  { version, baseUrl: mirror }: { version: string; baseUrl: string },
  form: z.ZodString,
  sum: object,
) => ({
  version: form.default(version).meta({ description: `Version of ${what}.`, example: version }),
  baseUrl: baseUrl.default(mirror).meta({
    description: "Where it is downloaded from: a mirror with the same paths.",
    example: "https://mirror.example.com/ci",
  }),
  sha256: sha256.optional().meta({ example: "ab".repeat(32), ...sum }),
});

const runner = strict({
  ...archive(
    `GitLab Runner on the hosts, ${defaults.oldestRunner} or newer, and of its helper in the job image`,
    defaults.runner,
    runnerVersion,
    {
      description:
        "Its checksum, which `npm run checksums -- --stack STACK` looks up and writes here: the line " +
        '"binaries/gitlab-runner-linux-…" of the version\'s release.sha256.',
      default: "required",
    },
  ),
  helperSha256: sha256.optional().meta({
    description:
      "Checksum of the helper that the job image takes for cache and artifacts: the line " +
      '"binaries/gitlab-runner-helper/gitlab-runner-helper.…" of the same file, of the tasks\' architecture. ' +
      "Without it the image takes the hosts' runner itself, which is larger.",
    default: "none; required where hosts have another architecture",
    example: "ab".repeat(32),
  }),
});

const go = strict(
  archive("the Go tool chain that compiles the driver on the hosts", defaults.go, goVersion, {
    description: "Its checksum, as https://go.dev/dl/?mode=json&include=all lists it.",
    default: "known for the default version; required for another one",
  }),
);

export const host = strict({
  count: z.int().min(1).max(20).default(1).meta({
    description: "How many hosts, spread over the subnets' zones. All serve every runner.",
    example: 2,
  }),
  architecture: z.enum(["x86_64", "arm64"]).optional().meta({
    description:
      "Of the hosts; tasks have their own. Another one replaces each host by a new one with the latest machine image.",
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
    description: "Machine image of new hosts, with systemd and curl. Existing hosts keep theirs.",
    default: "the latest Amazon Linux 2023",
    example: "ami-0123456789abcdef0",
  }),
  connection: connection.prefault({}),
  publicKey: publicKey(z.string(), keyTypes).optional().meta({
    description: "SSH public key of the deployment, in OpenSSH's format. Another one replaces the hosts.",
    default: "a key pair that the first deployment makes and the state keeps",
    example,
  }),
  privateKey: secretKey(z.string()).optional().meta({
    description: "Its private key.",
    type: "secret string",
    default: "required with `host.publicKey`",
    example: "-----BEGIN OPENSSH PRIVATE KEY-----…",
  }),
  concurrency: z.int().min(1).default(defaults.concurrency).meta({
    description: "Jobs at once on each host, all runners together; the stack runs `host.count` times as many.",
    example: 50,
  }),
  drainTimeout: z
    .int()
    .min(0)
    .max(86_400)
    .default(3600)
    .meta({
      description:
        "Seconds: how long running jobs may continue when their host is removed or replaced; then they are ended. The " +
        "deployment waits for them, and its credentials have to last longer.",
      example: 7200,
    }),
  adminCidrs: distinct(cidr("203.0.113.0/24"), {
    error: (issue) => (issue.input === undefined ? `required: ${deployFrom}` : undefined),
  })
    .min(1, `none, so that no deployment could reach a host: ${deployFrom}`)
    .meta({
      description: "Networks that may reach the hosts' SSH port; nothing else can reach a host.",
      example: ["203.0.113.0/24"],
    }),
  allowSshFromAnywhere: z
    .boolean()
    .default(false)
    .describe(
      "Lets `host.adminCidrs` hold networks wider than /8 (of IPv6: /16), up to 0.0.0.0/0 and ::/0: SSH is open to the " +
        "whole internet then.",
    ),
  runner: runner.prefault({}),
  go: go.prefault({}),
  goProxy: z.string().min(1).optional().meta({
    description: "GOPROXY of the driver's build.",
    default: "Go's own",
    example: "https://goproxy.example.com,direct",
  }),
})
  .superRefine(({ publicKey, privateKey }, context) => {
    if ((publicKey === undefined) === (privateKey === undefined)) return;
    const [missing, given] =
      publicKey === undefined ? ["publicKey", "host.privateKey"] : ["privateKey", "host.publicKey"];
    const message = `required with ${given}; without both, the first deployment makes a key pair`;
    context.addIssue({ code: "custom", path: [missing], message });
  }, always)
  .superRefine(({ adminCidrs, allowSshFromAnywhere }, context) => {
    if (allowSshFromAnywhere === true || !Array.isArray(adminCidrs)) return;
    adminCidrs.forEach((network, index) => {
      if (!isWide(network)) return;
      const message =
        `would open SSH to ${wideOpen(network)}; ` +
        "name the networks you deploy from, or set host.allowSshFromAnywhere";
      context.addIssue({ code: "custom", path: ["adminCidrs", index], message });
    });
  }, always)
  .prefault({} as never);
