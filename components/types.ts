/** Types that the args of several components share. */
import type * as pulumi from "@pulumi/pulumi";

/** Of hosts, of tasks and of what is built for them. */
export type Architecture = "x86_64" | "arm64";

/** Tags of an AWS resource. Their keys are known before a deployment starts. */
export type Tags = Readonly<Record<string, pulumi.Input<string>>>;
