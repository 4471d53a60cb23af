import * as pulumi from "@pulumi/pulumi";
import { BuildCache } from "./build-cache";
import { capacityProviders } from "./capacity-providers";
import { configToml } from "./config-toml";
import { fargateToml } from "./fargate-toml";
import { HostSetup } from "./host-setup";
import { arnParts, hostPolicy } from "./iam-documents";
import { JobCluster } from "./job-cluster";
import { JobImage } from "./job-image";
import type { LookUps, Network } from "./look-ups";
import { taskFamily } from "./names";
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

  private readonly settings: Settings;
  private readonly tags: Record<string, string>;

  constructor(
    name: string,
    { settings, network, amiId, owners }: FargateRunnersArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gitlab-fargate-runners:index:FargateRunners", name, {}, opts);
    this.settings = settings;
    this.tags = { "gitlab-fargate-runners:stack": pulumi.getStack(), ...settings.tags };
    const image = this.createImage(name);
    const cluster = this.createCluster(name, image, network);
    const cache = this.createCache(name);
    const tokens = new RunnerTokens(name, { entries: settings.entries, owners }, { parent: this });
    const host = this.createHost(name, amiId, cluster, network, cache);
    cluster.allowSshFrom(`${name}-job-ssh`, host.securityGroup, this.tags);
    this.setUpHost(name, host, {
      configToml: this.configToml(tokens, cluster, cache),
      fargateToml: this.fargateToml(cluster, network),
      needs: cache ? [cluster, host, cache] : [cluster, host],
    });

    const { id, privateIp, publicIp } = host.instance;
    this.hosts = pulumi.output([{ id, privateAddress: privateIp, publicAddress: publicIp }]);
    this.cluster = cluster.cluster.name;
    this.image = image.uri;
    this.runners = pulumi.output(Object.fromEntries([...tokens.runners].map(([key, runner]) => [key, runner.id])));
    this.cacheBucket = cache?.bucket.bucket;
    this.registerOutputs({ hosts: this.hosts, cluster: this.cluster, image: this.image, runners: this.runners });
  }

  private createImage(name: string): JobImage {
    const { image, architecture } = this.settings;
    return new JobImage(`${name}-job`, { ...image, architecture, tags: this.tags }, { parent: this });
  }

  private createCluster(name: string, image: JobImage, { vpcId }: Network): JobCluster {
    const { sizes, architecture, spot, logs } = this.settings;
    const { uri: imageUri } = image;
    const args = { imageUri, sizes, architecture, spot, vpcId, logRetention: logs.retentionDays, tags: this.tags };
    return new JobCluster(name, args, { parent: this });
  }

  private createCache(name: string): BuildCache | undefined {
    const { enabled, expiryDays } = this.settings.cache;
    return enabled
      ? new BuildCache(`${name}-cache`, { expiry: expiryDays, tags: this.tags }, { parent: this })
      : undefined;
  }

  private createHost(
    name: string,
    amiId: string,
    cluster: JobCluster,
    { vpcId, subnetIds }: Network,
    cache?: BuildCache,
  ): RunnerHost {
    const { network, host, sizes } = this.settings;
    const families = Object.keys(sizes).map((size) => taskFamily(pulumi.getStack(), size));
    const policy = pulumi
      .output({
        clusterArn: cluster.cluster.arn,
        families,
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
        subnetId: subnetIds[0],
        publicAddress: network.assignPublicIp,
        publicKey: host.publicKey,
        adminCidrs: host.adminCidrs,
        policy,
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
          token: tokens.runners.get(key)?.token ?? "",
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

  private fargateToml({ cluster, taskDefinitions, securityGroup }: JobCluster, { subnetIds }: Network) {
    const { host, network, spot } = this.settings;
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
          subnetIds,
          region: arnParts(clusterArn).region,
          assignPublicIp: network.assignPublicIp,
          capacityProviders: capacityProviders(spot),
          maxJobs: host.concurrency,
          tags: this.tags,
        }),
      );
  }

  private setUpHost(
    name: string,
    { instance }: RunnerHost,
    files: { configToml: pulumi.Input<string>; fargateToml: pulumi.Input<string>; needs: pulumi.Resource[] },
  ): void {
    const { architecture, host } = this.settings;
    const connection = {
      host: host.connection.address === "public" ? instance.publicIp : instance.privateIp,
      user: host.connection.user,
      privateKey: host.privateKey,
      // A host that boots refuses connections for longer than the provider's ten tries take.
      dialErrorLimit: 30,
    };
    const { runner, go, goProxy } = host;
    const args = { connection, instanceId: instance.id, architecture, runner, go, goProxy, ...files };
    new HostSetup(`${name}-host`, args, { parent: this });
  }
}

/** family:revision of a task definition's ARN: the revision that this deployment made, whatever is registered later. */
const familyRevision = (arn: pulumi.Output<string>): pulumi.Output<string> =>
  arn.apply((text) => text.slice(text.indexOf("/") + 1));
