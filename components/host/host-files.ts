/** The files on a host, filled from the components that they tell of. */
import * as pulumi from "@pulumi/pulumi";
import type { BuildCache } from "../jobs/build-cache";
import { capacityProviders } from "../jobs/capacity-providers";
import { configToml } from "../gitlab/config-toml";
import { fargateToml } from "../jobs/fargate-toml";
import { arnParts } from "../iam/documents";
import type { JobCluster } from "../jobs/job-cluster";
import type { Network } from "../look-ups/look-ups";
import { taskFamily } from "../names";
import type { RunnerTokens } from "../gitlab/runner-tokens";
import type { Settings } from "../settings/settings";

/** Of the task definitions that jobs may run in. */
export const families = ({ sizes }: Pick<Settings, "sizes">): string[] =>
  Object.keys(sizes).map((size) => taskFamily(pulumi.getStack(), size));

/** Content of config.toml, with the runners' tokens. */
export function runnerConfiguration(
  { entries, gitlabUrl, host }: Settings,
  tokens: RunnerTokens,
  { cluster, taskDefinitions }: JobCluster,
  cache?: BuildCache,
): pulumi.Output<string> {
  return pulumi
    .output({
      runners: entries.map(({ key, name, limit, size }) => ({
        key,
        name,
        limit,
        token: tokens.tokens.get(key) ?? "",
        taskDefinition: size === "default" ? undefined : familyRevision(taskDefinitions[size].arn),
      })),
      bucket: cache?.bucket.bucket,
      clusterArn: cluster.arn,
    })
    .apply(({ runners, bucket, clusterArn }) =>
      configToml({
        gitlabUrl,
        concurrency: host.concurrency,
        runners,
        cache: bucket === undefined ? undefined : { bucket, region: arnParts(clusterArn).region },
      }),
    );
}

/** Content of fargate.toml. @param tags of each task */
export function driverConfiguration(
  settings: Settings,
  { cluster, taskDefinitions, securityGroup }: JobCluster,
  { subnets }: Network,
  tags: Record<string, string>,
): pulumi.Output<string> {
  const { host, network, spot, maxSize, debug } = settings;
  return pulumi
    .output({
      clusterName: cluster.name,
      clusterArn: cluster.arn,
      securityGroupIds: [securityGroup.id],
      taskDefinition: familyRevision(taskDefinitions.default.arn),
    })
    .apply(({ clusterArn, ...known }) =>
      fargateToml({
        ...known,
        subnetIds: subnets.map(({ id }) => id),
        allowedTaskDefinitions: families(settings),
        maxSize,
        region: arnParts(clusterArn).region,
        assignPublicIp: network.assignPublicIp,
        capacityProviders: capacityProviders(spot),
        maxJobs: host.concurrency,
        execAllowed: debug.ecsExec,
        tags,
      }),
    );
}

/** family:revision of a task definition's ARN: the revision that this deployment made, whatever is registered later. */
const familyRevision = (arn: pulumi.Output<string>): pulumi.Output<string> =>
  arn.apply((text) => text.slice(text.indexOf("/") + 1));
