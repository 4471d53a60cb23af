/** The schema of what the tasks of an entry's jobs have of their own in AWS: a role, a network, a kind of capacity. */
import { z } from "zod";
import { spots, type Spot } from "../jobs/capacity-providers";
import { always, distinct, strict } from "./values";

/** Each instead of the stack's, where it is given. */
export interface OnItsOwn {
  /** ARN of the role whose rights its jobs have in AWS. */
  taskRole?: string;
  spot?: Spot;
  network?: EntryNetwork;
}

export interface EntryNetwork {
  subnetIds?: string[];
  securityGroupIds?: string[];
  assignPublicIp?: boolean;
}

const network = strict({
  subnetIds: distinct(z.string().startsWith("subnet-"))
    .min(1)
    .max(16, "ECS takes 16 subnets of a task at most")
    .optional()
    .meta({
      description: "Subnets of its tasks, in the VPC of the stack.",
      type: "list of string",
      default: "the stack's",
      example: ["subnet-0123456789abcdef0"],
    }),
  securityGroupIds: distinct(z.string().startsWith("sg-"))
    .min(1)
    .max(4, "ECS takes 5 of a task at most, and one lets the hosts in by SSH")
    .optional()
    .meta({
      description:
        "Security groups of its tasks, of the same VPC: they say what the tasks reach, and who reaches them beside the " +
        "hosts, which the stack lets in by SSH.",
      type: "list of string",
      default: "the stack's, which lets everything out",
      example: ["sg-0123456789abcdef0"],
    }),
  assignPublicIp: z.boolean().optional().meta({
    description: "Gives its tasks public addresses.",
    default: "the stack's",
    example: false,
  }),
}).superRefine((value, context) => {
  if (typeof value !== "object" || value === null || Object.keys(value).length > 0) return;
  context.addIssue({ code: "custom", message: "empty; take it out, or say what is its own of the stack's network" });
}, always);

/** Keys of an entry. */
export const onItsOwn = {
  taskRole: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:iam::\d{12}:role\/([\x21-\x7e]+\/)?[\w+=,.@-]{1,64}$/,
      'not the ARN of a role, like "arn:aws:iam::123456789012:role/deploy"',
    )
    .optional()
    .meta({
      description:
        "ARN of a role of this account that ECS tasks may take: what its jobs may do in AWS, all of them. No other " +
        "runner's jobs get it.",
      default: "the stack's, which may do nothing",
      example: "arn:aws:iam::123456789012:role/deploy",
    }),
  spot: z.enum(spots).optional().meta({
    description: "Spot capacity for its jobs, instead of the stack's `spot`.",
    default: "the stack's `spot`",
    example: "never",
  }),
  network: network.optional().meta({
    description: "Overrides the stack's `network` for its jobs.",
    default: "the stack's `network`",
    example: { subnetIds: ["subnet-0123456789abcdef0"], securityGroupIds: ["sg-0123456789abcdef0"] },
  }),
};
