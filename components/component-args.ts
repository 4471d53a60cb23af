/** What each component of FargateRunners is given, taken from the settings. */
import type * as cloudwatch from "@pulumi/aws/cloudwatch";
import type * as ec2 from "@pulumi/aws/ec2";
import type * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import type { FargateRunnersArgs } from "./fargate-runners";
import { firstHostKey } from "./host/first-contact";
import type { FixedAddress } from "./host/fixed-address";
import type { Connection } from "./host/host-commands";
import { families } from "./host/host-files";
import { placeHosts } from "./host/host-placement";
import type { HostSetupArgs } from "./host/host-setup";
import type { LoginKey } from "./host/login-key";
import type { RunnerHostArgs } from "./host/runner-host";
import { rightsOfHosts } from "./iam/host-rights";
import type { BuildCacheArgs } from "./jobs/build-cache";
import type { CacheBucket } from "./jobs/cache-bucket";
import type { CacheTransferRoleArgs } from "./jobs/cache-transfer-role";
import type { JobCluster, JobClusterArgs } from "./jobs/job-cluster";
import type { JobImage, JobImageArgs } from "./jobs/job-image";
import { helperBuildArgs } from "./jobs/runner-helper";
import { metricsAddress } from "./observability/metrics-access";
import { foreignImages } from "./settings/services";
import type { Settings } from "./settings/settings";
import type { Tags } from "./types";

export function imageArgs({ image, host, architecture, kmsKeyArn, protect }: Settings, tags: Tags): JobImageArgs {
  const buildArgs = { ...image.buildArgs, ...helperBuildArgs(host.runner, architecture) };
  return { ...image, buildArgs, architecture, kmsKeyArn, protect, tags };
}

export function clusterArgs(
  settings: Settings,
  { uri: imageUri }: JobImage,
  vpcId: pulumi.Input<string>,
  tags: Tags,
): JobClusterArgs {
  const { sizes, architecture, spot, logs, protect, permissionsBoundary, debug } = settings;
  const log = { logRetention: logs.retentionDays, logKey: logs.kmsKeyId, protect };
  const access = { execAllowed: debug.ecsExec, permissionsBoundary };
  const images = { images: foreignImages(settings), registries: settings.images.registries };
  const image = { imageUri, imageBuiltElsewhere: settings.image.uri !== undefined, ...images };
  const otherSecurityGroups = settings.entries.some(({ network }) => network?.securityGroupIds !== undefined);
  return { ...image, sizes, architecture, spot, vpcId, otherSecurityGroups, ...log, ...access, tags };
}

export function cacheArgs({ cache, protect }: Settings, tags: Tags): BuildCacheArgs {
  return { expiry: cache.expiryDays, kmsKeyArn: cache.kmsKeyArn, protect, tags };
}

export function transferArgs(
  { cache, permissionsBoundary }: Settings,
  bucket: CacheBucket,
  hostRole: iam.Role,
  tags: Tags,
): CacheTransferRoleArgs {
  return { bucket, kmsKeyArn: cache.kmsKeyArn, hostRole, permissionsBoundary, tags };
}

export function runnerLogArgs({ logs }: Settings, tags: Tags): cloudwatch.LogGroupArgs {
  return { retentionInDays: logs.retentionDays, kmsKeyId: logs.kmsKeyId, tags };
}

/** What the host's rights name. */
interface Reachable {
  cluster: JobCluster;
  cache: CacheBucket | undefined;
  log: cloudwatch.LogGroup;
}

export function hostArgs(
  { settings, network, hostSubnets, amiId }: FargateRunnersArgs,
  { publicKey }: LoginKey,
  reachable: Reachable,
  tags: Tags,
): RunnerHostArgs {
  const { host, kmsKeyArn, permissionsBoundary } = settings;
  return {
    instanceType: host.instanceType,
    amiId,
    vpcId: network.vpcId,
    subnetIds: placeHosts(host.count, hostSubnets ?? network.subnets),
    keepSubnet: network.isDefault,
    publicAddress: settings.network.assignPublicIp,
    publicKey,
    adminCidrs: host.adminCidrs,
    policy: rightsOfHost(settings, reachable),
    permissionsBoundary,
    kmsKeyArn,
    tags,
  };
}

function rightsOfHost(settings: Settings, { cluster, cache, log }: Reachable): pulumi.Output<string> {
  return pulumi
    .output({
      cluster: cluster.cluster.arn,
      executionRole: cluster.executionRole.arn,
      taskRole: cluster.taskRole.arn,
      log: log.arn,
      jobLog: cluster.logGroup.arn,
      cacheBucket: cache?.arn,
    })
    .apply((arns) => rightsOfHosts(settings, families(settings), arns));
}

type OfMachine = Omit<HostSetupArgs, "driver" | "configToml" | "fargateToml" | "needs">;

/** @param publicAddress where it has one */
export function setupArgs(
  settings: Settings,
  login: LoginKey,
  instance: ec2.Instance,
  publicAddress?: FixedAddress,
): OfMachine {
  const { host, architecture: taskArchitecture, metrics, network, caCertificates, gitlabUrl } = settings;
  const { architecture, runner, go, goProxy } = host;
  return {
    connection: connectionTo(instance, publicAddress?.address, host, login),
    // Also where the deployment comes by the private address: the host downloads, and its runner talks to GitLab.
    wayOut: publicAddress ? [publicAddress.association] : [],
    instanceId: instance.id,
    architecture,
    taskArchitecture,
    runner,
    go,
    goProxy,
    httpProxy: network.httpProxy,
    caCertificates,
    gitlabUrl,
    metricsAddress: metricsAddress(metrics),
  };
}

function connectionTo(
  { privateIp, userData }: ec2.Instance,
  publicAddress: pulumi.Output<string> | undefined,
  { connection }: Settings["host"],
  { privateKey }: LoginKey,
): Connection {
  const { address, user, proxy } = connection;
  return {
    host: (address === "public" ? publicAddress : undefined) ?? privateIp,
    user,
    privateKey,
    // A host that boots refuses connections for longer than the provider's ten tries take.
    dialErrorLimit: 30,
    hostKey: userData.apply(firstHostKey),
    proxy: proxy && { ...proxy, privateKey: proxy.privateKey ?? privateKey },
  };
}
