/**
 * Pinned versions and defaults of the settings, in one place.
 *
 * Checksums are those that go.dev/dl publishes in its JSON listing (https://go.dev/dl/?mode=json&include=all).
 */

/** GitLab Runner. The file v19.4.0/release.sha256 below its address holds the checksums. */
export const runner = {
  version: "19.4.0",
  baseUrl: "https://s3.dualstack.us-east-1.amazonaws.com/gitlab-runner-downloads",
} as const;

/**
 * The oldest runner that hosts may have: the first one that takes a script's exit code from a custom executor
 * (BUILD_EXIT_CODE_FILE), without which jobs with `allow_failure: exit_codes` or `retry: exit_codes` go wrong.
 */
export const oldestRunner = "17.9.0";

/** The Go tool chain that compiles the driver on the host. */
export const go = {
  version: "1.26.8",
  baseUrl: "https://go.dev/dl",
  sha256: {
    x86_64: "d0f743b33e8d8945e6b1f432edd15785c70507121d6e2a723b21285eddf8b57b",
    arm64: "211ffced9dcb9633a55eac6364816ec0ddd951389a740e88fa8b3337971bdda0",
  },
} as const;

/** 2 GiB of memory: compiling the driver takes about 1 GiB once. */
export const instanceType = { x86_64: "t3.small", arm64: "t4g.small" } as const;

/** Jobs at once on a host, all runners together. */
export const concurrency = 10;

/** Of the tasks and, where they have none of their own, of the hosts. */
export const architecture = "x86_64";

/** Hosts and tasks get public addresses in the default VPC, and none in a VPC that is named. */
export const assignPublicIp = (vpcId: unknown): boolean => vpcId === undefined;

/** 1 vCPU, 2 GiB. */
export const sizes = { default: { cpu: 1024, memory: 2048 } };

export const logRetentionDays = 30;
/** Of alarms. */
export const thresholds = { heartbeatMinutes: 5, taskStartFailures: 1, systemFailures: 5, diskPercent: 85 } as const;

/** Of the runner's Prometheus endpoint; the one that GitLab registered for it. */
export const metricsPort = 9252;

export const cacheExpiryDays = 30;
export const gitlabApiUrl = "https://gitlab.com/api/v4/";

/** Login of the default machine image, Amazon Linux 2023. */
export const user = "ec2-user";

/** Where the driver lies in a repository: here, and so in a fork. */
export const driverDirectory = "driver";

/**
 * What CloudWatch Logs accepts.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
 */
export const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
