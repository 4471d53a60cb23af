import * as pulumi from "@pulumi/pulumi";
import { BuildCache } from "./build-cache";
import { capacityProviders } from "./capacity-providers";
import { configToml } from "./config-toml";
import { fargateToml } from "./fargate-toml";
import { HostSetup, type HostSetupArgs } from "./host-setup";
import { arnParts, hostPolicy } from "./iam-documents";
import { JobCluster } from "./job-cluster";
import { JobImage } from "./job-image";
import type { LookUps, Network } from "./look-ups";
import { placeHosts } from "./host-placement";
import { hostName, taskFamily } from "./names";
import { RunnerHost } from "./runner-host";
import { RunnerTokens } from "./runner-tokens";
import type { Settings } from "./settings";

export interface FargateRunnersArgs extends LookUps {
  settings: Settings;
}

/** A host, as the stack's outputs tell it. */
export interface HostOutput {
  id: string;
  privateAddress: string;
  /** Empty where it has none. */
  publicAddress: string;
}

/** GitLab CI runners each of whose jobs runs in a Fargate task of its own: the whole system. */
export class FargateRunners extends pulumi.ComponentResource {
  readonly hosts: pulumi.Output<HostOutput[]>;
  readonly cluster: pulumi.Output<string>;
  readonly image: pulumi.Output<string>;
  /** GitLab's ids of the runners, by entry: "group/acme/backend". */
  readonly runners: pulumi.Output<Record<string, string>>;
  readonly cacheBucket: pulumi.Output<string> | undefined;
  /** What the hosts' driver is compiled from: "bundled", or repository and commit. */
  readonly driver: string;

  private readonly settings: Settings;
  private readonly tags: Record<string, string>;

  constructor(
    name: string,
    { settings, network, hostSubnets, amiId, owners, driver }: FargateRunnersArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gitlab-fargate-runners:index:FargateRunners", name, {}, opts);
    this.settings = settings;
    this.tags = { "gitlab-fargate-runners:stack": pulumi.getStack(), ...settings.tags };
    const image = this.createImage(name);
    const cluster = this.createCluster(name, image, network);
    const cache = this.createCache(name);
    const tokens = new RunnerTokens(name, { entries: settings.entries, owners }, { parent: this });
    const host = this.createHost(name, { network, hostSubnets, amiId }, cluster, cache);
    cluster.allowSshFrom(`${name}-job-ssh`, host.securityGroup, this.tags);
    this.setUpHosts(name, host, {
      driver,
      configToml: this.configToml(tokens, cluster, cache),
      fargateToml: this.fargateToml(cluster, network),
      needs: [cluster, ...host.access, ...(cache ? [cache] : [])],
    });

    this.hosts = pulumi.output(
      host.instances.map(({ id, privateIp, publicIp }) => ({ id, privateAddress: privateIp, publicAddress: publicIp })),
    );
    this.cluster = cluster.cluster.name;
    this.image = image.uri;
    this.runners = pulumi.output(Object.fromEntries([...tokens.runners].map(([key, runner]) => [key, runner.id])));
    this.cacheBucket = cache?.bucket.bucket;
    this.driver = driver.origin;
    this.registerOutputs({ hosts: this.hosts, cluster: this.cluster, image: this.image, runners: this.runners });
  }

  private createImage(name: string): JobImage {
    const { image, architecture, protect } = this.settings;
    return new JobImage(`${name}-job`, { ...image, architecture, protect, tags: this.tags }, { parent: this });
  }

  private createCluster(name: string, image: JobImage, { vpcId }: Network): JobCluster {
    const { sizes, architecture, spot, logs, protect, permissionsBoundary } = this.settings;
    const { uri: imageUri } = image;
    const logRetention = logs.retentionDays;
    const args = { imageUri, sizes, architecture, spot, vpcId, logRetention, protect };
    return new JobCluster(name, { ...args, permissionsBoundary, tags: this.tags }, { parent: this });
  }

  private createCache(name: string): BuildCache | undefined {
    const { cache, protect } = this.settings;
    return cache.enabled
      ? new BuildCache(`${name}-cache`, { expiry: cache.expiryDays, protect, tags: this.tags }, { parent: this })
      : undefined;
  }

  private createHost(
    name: string,
    { network: { vpcId, isDefault }, hostSubnets, amiId }: Pick<LookUps, "network" | "hostSubnets" | "amiId">,
    cluster: JobCluster,
    cache?: BuildCache,
  ): RunnerHost {
    const { network, host, permissionsBoundary } = this.settings;
    const policy = pulumi
      .output({
        clusterArn: cluster.cluster.arn,
        families: this.families,
        executionRoleArn: cluster.executionRole.arn,
        taskRoleArn: cluster.taskRole.arn,
        cacheBucketArn: cache?.bucket.arn,
      })
      .apply(hostPolicy);
    return new RunnerHost(
      `${name}-host`,
      {
        instanceType: host.instanceType,
        amiId,
        vpcId,
        subnetIds: placeHosts(host.count, hostSubnets),
        keepSubnet: isDefault,
        publicAddress: network.assignPublicIp,
        publicKey: host.publicKey,
        adminCidrs: host.adminCidrs,
        policy,
        permissionsBoundary,
        tags: this.tags,
      },
      { parent: this },
    );
  }

  private configToml(tokens: RunnerTokens, { cluster, taskDefinitions }: JobCluster, cache?: BuildCache) {
    const { entries, gitlabUrl, host } = this.settings;
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

  private fargateToml({ cluster, taskDefinitions, securityGroup }: JobCluster, { subnets }: Network) {
    const { network, spot, maxSize } = this.settings;
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
          allowedTaskDefinitions: this.families,
          maxSize,
          region: arnParts(clusterArn).region,
          assignPublicIp: network.assignPublicIp,
          capacityProviders: capacityProviders(spot),
          tags: this.tags,
        }),
      );
  }

  private setUpHosts(
    name: string,
    { instances }: RunnerHost,
    given: Pick<HostSetupArgs, "driver" | "configToml" | "fargateToml" | "needs">,
  ): void {
    const { host, architecture: taskArchitecture } = this.settings;
    const { address, user, proxy } = host.connection;
    const { architecture, runner, go, goProxy } = host;
    instances.forEach((instance, index) => {
      const connection = {
        host: address === "public" ? instance.publicIp : instance.privateIp,
        user,
        privateKey: host.privateKey,
        // A host that boots refuses connections for longer than the provider's ten tries take.
        dialErrorLimit: 30,
        proxy,
      };
      const machine = { connection, instanceId: instance.id, architecture, taskArchitecture };
      const args = { ...machine, runner, go, goProxy, ...given };
      new HostSetup(hostName(`${name}-host`, index), args, { parent: this });
    });
  }

  /** Of the task definitions that jobs may run in. */
  private get families(): string[] {
    return Object.keys(this.settings.sizes).map((size) => taskFamily(pulumi.getStack(), size));
  }
}

/** family:revision of a task definition's ARN: the revision that this deployment made, whatever is registered later. */
const familyRevision = (arn: pulumi.Output<string>): pulumi.Output<string> =>
  arn.apply((text) => text.slice(text.indexOf("/") + 1));
