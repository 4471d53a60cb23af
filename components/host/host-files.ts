/** The contents of the files on a host, filled in from the settings and from the components that the files name. */
import * as pulumi from "@pulumi/pulumi";
import type { CacheBucket } from "../jobs/cache-bucket";
import { capacityProviders } from "../jobs/capacity-providers";
import { configToml } from "../gitlab/config-toml";
import { fargateToml } from "../jobs/fargate-toml";
import { profileOf, profilesOf, type Profile } from "../jobs/profiles";
import { arnParts } from "../iam/documents";
import type { JobCluster } from "../jobs/job-cluster";
import { taskFamily } from "../names";
import type { RunnerTokens } from "../gitlab/runner-tokens";
import { allServices } from "../settings/services";
import type { Settings } from "../settings/settings";
import type { Tags } from "../types";
import { paths } from "./paths";

/** The families of the task definitions that jobs may run in. */
export const families = ({ sizes }: Pick<Settings, "sizes">): string[] =>
  Object.keys(sizes).map((size) => taskFamily(pulumi.getStack(), size));

/** Content of config.toml, with the runners' tokens. */
export function runnerConfiguration(
  settings: Settings,
  tokens: RunnerTokens,
  { taskDefinitions }: JobCluster,
  cache?: CacheBucket & { readonly transferRole?: pulumi.Output<string> },
): pulumi.Output<string> {
  const { entries, gitlabUrl, host, network, caCertificates } = settings;
  const { kmsKeyArn: kmsKey } = settings.cache;
  return pulumi
    .output({
      runners: entries.map((entry) => {
        const { key, name, limit, size, runner } = entry;
        const profile = profileOf(entry, settings)?.name;
        const named = profile === undefined && size !== "default";
        return {
          key,
          name,
          limit,
          token: tokens.tokens.get(key) ?? "",
          taskDefinition: named ? familyRevision(taskDefinitions[size].arn) : undefined,
          profile,
          settings: runner,
        };
      }),
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
  jobCluster: JobCluster,
  subnetIds: readonly pulumi.Input<string>[],
  tags: Tags,
): pulumi.Output<string> {
  const { host, network, spot, maxSize, images, services, debug } = settings;
  const { cluster, taskDefinitions, securityGroup, logGroup } = jobCluster;
  return pulumi
    .output({
      clusterName: cluster.name,
      clusterArn: cluster.arn,
      securityGroupIds: [securityGroup.id],
      taskDefinition: familyRevision(taskDefinitions.default.arn),
      profiles: profilesOf(settings).map((profile) => profileArgs(profile, jobCluster)),
      subnetIds,
      tags,
      linkedLogGroup: debug.jobLinks ? logGroup.name : undefined,
    })
    .apply(({ clusterArn, ...known }) =>
      fargateToml({
        ...known,
        allowedTaskDefinitions: families(settings),
        images: images.allowed,
        services: services.allowed,
        registries: images.registries,
        waitForServices: allServices(settings).length > 0 ? services.wait : undefined,
        maxSize,
        region: arnParts(clusterArn).region,
        assignPublicIp: network.assignPublicIp,
        capacityProviders: capacityProviders(spot),
        maxJobs: host.concurrency,
        execAllowed: debug.ecsExec,
      }),
    );
}

function profileArgs(profile: Profile, { taskDefinitions, hostsOnly }: JobCluster) {
  const { name, size, allowedSizes, maxSize, images, services, taskRole, spot, network = {} } = profile;
  const { subnetIds, securityGroupIds, assignPublicIp } = network;
  return {
    name,
    taskDefinition: familyRevision(taskDefinitions[size].arn),
    // Revisions: a family would let its jobs choose one of before, with the image of before.
    allowedTaskDefinitions: allowedSizes.map((one) => familyRevision(taskDefinitions[one].arn)),
    maxSize,
    images,
    services,
    taskRole,
    subnetIds,
    securityGroupIds: securityGroupIds && [...securityGroupIds, hostsOnly!.id],
    assignPublicIp,
    capacityProviders: spot && capacityProviders(spot),
  };
}

/** family:revision of a task definition's ARN: the revision that this deployment made, whatever is registered later. */
const familyRevision = (arn: pulumi.Output<string>): pulumi.Output<string> =>
  arn.apply((text) => text.slice(text.indexOf("/") + 1));
