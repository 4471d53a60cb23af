/** The program's settings at their extremes. */
import { raw } from "./settings";

/** The longest that Pulumi takes for a stack, with all characters that it takes. */
const longestStack = `a_B.c-${"9".repeat(94)}`;

/** Settings and stacks between which everything that the program can make of AWS is made. */
export const variants: [what: string, settings: Record<string, unknown>, stack: string][] = [
  ["the least that is accepted", raw(), "test"],
  [
    "everything",
    raw({
      groups: ["acme/backend", { id: 42, taskRole: "arn:aws:iam::123456789012:role/deploy" }],
      projects: [
        {
          path: "acme/api",
          images: ["**"],
          services: ["redis:*"],
          spot: "only",
          network: { securityGroupIds: ["sg-2"] },
        },
      ],
      instanceRunners: ["shared"],
      sizes: { large: { cpu: 4096, memory: 16384 }, [`x${"-".repeat(30)}`]: { cpu: 256, memory: 512 } },
      host: { count: 3, adminCidrs: ["203.0.113.0/24", "2001:db8::/32"] },
      metrics: { allowedCidrs: ["10.1.0.0/16"], allowedSecurityGroupIds: ["sg-1"] },
      alarms: { email: "ci@example.com" },
      dashboard: true,
      cache: { multipart: true },
      images: { allowed: ["node:*", "210987654321.dkr.ecr.us-east-1.amazonaws.com/{a,b}/**"] },
      services: { allowed: ["postgres:*"], wait: 60 },
      debug: { ecsExec: true },
      protect: true,
      kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:key/1",
    }),
    "dev.eu",
  ],
  [
    "a long stack name in a network of one's own",
    raw({
      network: { vpcId: "vpc-1", subnetIds: ["subnet-1"] },
      dashboard: true,
      alarms: {},
      image: { uri: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/ci/job:1" },
      cache: { enabled: false },
    }),
    longestStack,
  ],
];
