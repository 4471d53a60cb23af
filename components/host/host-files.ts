/** The contents of the files on a host, filled in from the settings and from the components that the files name. */
import * as pulumi from "@pulumi/pulumi";
import type { CacheBucket } from "../jobs/cache-bucket";
import { capacityProviders } from "../jobs/capacity-providers";
import { configToml } from "../gitlab/config-toml";
import { fargateToml } from "../jobs/fargate-toml";
import { arnParts } from "../iam/documents";
import type { JobCluster } from "../jobs/job-cluster";
import { taskFamily } from "../names";
import type { RunnerTokens } from "../gitlab/runner-tokens";
import type { Settings } from "../settings/settings";
import type { Tags } from "../types";
import { paths } from "./paths";

/** The families of the task definitions that jobs may run in. */
export const families = ({ sizes }: Pick<Settings, "sizes">): string[] =>
  Object.keys(sizes).map((size) => taskFamily(pulumi.getStack(), size));

/** Content of config.toml, with the runners' tokens. */
export function runnerConfiguration(
  { entries, gitlabUrl, host, network, caCertificates, cache: { kmsKeyArn: kmsKey } }: Settings,
  tokens: RunnerTokens,
  { taskDefinitions }: JobCluster,
  cache?: CacheBucket & { readonly transferRole?: pulumi.Output<string> },
): pulumi.Output<string> {
  return pulumi
    .output({
      runners: entries.map(({ key, name, limit, size, runner }) => ({
        key,
        name,
        limit,
        token: tokens.tokens.get(key) ?? "",
        taskDefinition: size === "default" ? undefined : familyRevision(taskDefinitions[size].arn),
        settings: runner,
      })),
      cache: cache && { bucket: cache.name, region: cache.region, transferRole: cache.transferRole, kmsKey },
    })
    .apply((known) =>
      configToml({
        gitlabUrl,
        concurrency: host.concurrency,
        caFile: caCertificates.length > 0 ? paths.caCertificates : undefined,
        httpProxy: network.httpProxy,
        ...known,
      }),
    );
}

/** Content of fargate.toml. @param tags of each task */
export function driverConfiguration(
  settings: Settings,
  { cluster, taskDefinitions, securityGroup, logGroup }: JobCluster,
  subnetIds: readonly pulumi.Input<string>[],
  tags: Tags,
): pulumi.Output<string> {
  const { host, network, spot, maxSize, debug } = settings;
  return pulumi
    .output({
      clusterName: cluster.name,
      clusterArn: cluster.arn,
      securityGroupIds: [securityGroup.id],
      taskDefinition: familyRevision(taskDefinitions.default.arn),
      subnetIds,
      tags,
      linkedLogGroup: debug.jobLinks ? logGroup.name : undefined,
    })
    .apply(({ clusterArn, ...known }) =>
      fargateToml({
        ...known,
        allowedTaskDefinitions: families(settings),
        maxSize,
        region: arnParts(clusterArn).region,
        assignPublicIp: network.assignPublicIp,
        capacityProviders: capacityProviders(spot),
        maxJobs: host.concurrency,
        execAllowed: debug.ecsExec,
      }),
    );
}

/** family:revision of a task definition's ARN: the revision that this deployment made, whatever is registered later. */
const familyRevision = (arn: pulumi.Output<string>): pulumi.Output<string> =>
  arn.apply((text) => text.slice(text.indexOf("/") + 1));
