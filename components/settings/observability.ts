/** The schema of what shows how the system is: alarms, dashboard, metrics, shells in tasks. */
import { z } from "zod";
import * as defaults from "./defaults";
import { cidr, isWide, wideOpen } from "./networks";
import { distinct, strict } from "./values";

const { thresholds } = defaults;

export const alarms = strict({
  email: z.email("not an e-mail address").optional().meta({
    description: "Gets a message from each alarm, once the address has confirmed AWS's mail.",
    default: "nobody; subscribe to the stack's output `alarmTopic`",
    example: "ci@example.com",
  }),
  heartbeatMinutes: z
    .int()
    .min(2)
    .max(60)
    .default(thresholds.heartbeatMinutes)
    .describe("Minutes: raise the alarm when a host's runner has not reported for so long."),
  taskStartFailures: z
    .int()
    .min(1)
    .default(thresholds.taskStartFailures)
    .describe("Raise the alarm when this many tasks failed to start within five minutes."),
  systemFailures: z
    .int()
    .min(1)
    .default(thresholds.systemFailures)
    .describe("Raise the alarm when this many jobs of one host failed as system failures within five minutes."),
  taskAgeMinutes: z.int().min(1).optional().meta({
    description: "Minutes: raise the alarm when a task is older.",
    default: "the entries' longest `maximumTimeout` (a day where one has none) and an hour",
    example: 240,
  }),
  diskPercent: z
    .int()
    .min(1)
    .max(99)
    .default(thresholds.diskPercent)
    .describe("Percent: raise the alarm when so much of a host's root volume is used."),
})
  .optional()
  .meta({
    description: "Alarms on hosts and tasks, and an SNS topic that they notify. `{}` takes all defaults.",
    type: "object",
    default: "none",
    example: { email: "ci@example.com" },
  });

export const dashboard = z
  .boolean()
  .default(false)
  .describe("A CloudWatch dashboard of hosts, tasks, alarms and the runner's log.");

export const metrics = strict({
  port: z
    .int()
    .min(1024)
    .max(65535)
    .default(defaults.metricsPort)
    .describe("Port of the runner's Prometheus endpoint."),
  allowedCidrs: distinct(
    cidr("10.0.0.0/16").refine((network) => !isWide(network), {
      error: ({ input }) => `would open the runner's metrics and profiler to ${wideOpen(String(input))}`,
    }),
  )
    .default([])
    .meta({
      description:
        "Networks that may read the endpoint, which holds the runner's profiler too. Without any, and without " +
        "security groups, it listens on the host's loopback address alone.",
      type: "list of string",
      example: ["10.20.0.0/16"],
    }),
  allowedSecurityGroupIds: distinct(z.string().startsWith("sg-"))
    .default([])
    .meta({
      description: "Security groups whose members may read the endpoint, such as Prometheus's.",
      type: "list of string",
      example: ["sg-0123456789abcdef0"],
    }),
}).prefault({});

export const debug = strict({
  ecsExec: z
    .boolean()
    .default(false)
    .describe(
      "Lets administrators open a shell in a running task by ECS Exec. It gives jobs the permissions of Session " +
        "Manager's agent.",
    ),
  jobLinks: z
    .boolean()
    .default(false)
    .describe(
      "Links to the task and its log in AWS's console, in each job's log. They show region, cluster and log group to " +
        "all who may read it, of a public project to the world.",
    ),
}).prefault({});
