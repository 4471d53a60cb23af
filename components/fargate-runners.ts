import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";
import { BuildCache } from "./build-cache";
import { capacityProviders } from "./capacity-providers";
import { configToml } from "./config-toml";
import { fargateToml } from "./fargate-toml";
import { HostSetup, type HostSetupArgs } from "./host-setup";
import { arnParts, hostPolicy } from "./iam-documents";
import { monitorStatements } from "./iam-observability";
import { JobCluster } from "./job-cluster";
import { JobImage } from "./job-image";
import type { LookUps, Network } from "./look-ups";
import { allowMetrics, metricsAddress } from "./metrics-access";
import { taskFamily } from "./names";
import { Observability, wantsMetrics } from "./observability";
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
  /** Names of the log groups. */
  readonly logs: { tasks: pulumi.Output<string>; runners: pulumi.Output<string> };
  readonly dashboard: pulumi.Output<string> | undefined;
  readonly alarmTopic: pulumi.Output<string> | undefined;
  /** ARN. */
  readonly clusterArn: pulumi.Output<string>;

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
    const log = this.createRunnerLog(name);
    const host = this.createHost(name, amiId, { cluster, network, cache, log });
    cluster.allowSshFrom(`${name}-job-ssh`, host.securityGroup, this.tags);
    allowMetrics(`${name}-metrics`, host.securityGroup, settings.metrics, this.tags, { parent: this });
    const setup = this.setUpHost(name, host, {
      configToml: this.configToml(tokens, cluster, cache),
      fargateToml: this.fargateToml(cluster, network),
      needs: cache ? [cluster, host, cache] : [cluster, host],
    });

    const { arn: clusterArn, name: clusterName } = cluster.cluster;
    const shown = new Observability(
      name,
      {
        settings,
        hosts: [{ name: `${name}-host`, instance: host.instance, connection: this.connection(host), runner: setup }],
        clusterArn,
        clusterName,
        logGroup: log,
        tags: this.tags,
      },
      { parent: this },
    );

    const { id, privateIp, publicIp } = host.instance;
    this.hosts = pulumi.output([{ id, privateAddress: privateIp, publicAddress: publicIp }]);
    this.cluster = cluster.cluster.name;
    this.image = image.uri;
    this.runners = pulumi.output(Object.fromEntries([...tokens.runners].map(([key, runner]) => [key, runner.id])));
    this.cacheBucket = cache?.bucket.bucket;
    this.clusterArn = clusterArn;
    this.logs = { tasks: cluster.logGroup.name, runners: log.name };
    this.dashboard = shown.dashboard;
    this.alarmTopic = shown.alarmTopic;
    this.registerOutputs({ hosts: this.hosts, cluster: this.cluster, image: this.image, runners: this.runners });
  }

  private createImage(name: string): JobImage {
    const { image, architecture } = this.settings;
    return new JobImage(`${name}-job`, { ...image, architecture, tags: this.tags }, { parent: this });
  }

  private createCluster(name: string, image: JobImage, { vpcId }: Network): JobCluster {
    const { sizes, architecture, spot, logs, debug } = this.settings;
    const { uri: imageUri } = image;
    const log = { logRetention: logs.retentionDays, logKey: logs.kmsKeyId };
    const args = { imageUri, sizes, architecture, spot, vpcId, ...log, execAllowed: debug.ecsExec, tags: this.tags };
    return new JobCluster(name, args, { parent: this });
  }

  private createCache(name: string): BuildCache | undefined {
    const { enabled, expiryDays } = this.settings.cache;
    return enabled
      ? new BuildCache(`${name}-cache`, { expiry: expiryDays, tags: this.tags }, { parent: this })
      : undefined;
  }

  private createRunnerLog(name: string): cloudwatch.LogGroup {
    const { retentionDays: retentionInDays, kmsKeyId } = this.settings.logs;
    return new cloudwatch.LogGroup(`${name}-runner`, { retentionInDays, kmsKeyId, tags: this.tags }, { parent: this });
  }

  private createHost(
    name: string,
    amiId: string,
    uses: { cluster: JobCluster; network: Network; cache?: BuildCache; log: cloudwatch.LogGroup },
  ): RunnerHost {
    const { cluster, cache, log } = uses;
    const { vpcId, subnetIds } = uses.network;
    const { network, host, sizes } = this.settings;
    const families = Object.keys(sizes).map((size) => taskFamily(pulumi.getStack(), size));
    const policy = pulumi
      .output({
        clusterArn: cluster.cluster.arn,
        families,
        executionRoleArn: cluster.executionRole.arn,
        taskRoleArn: cluster.taskRole.arn,
        cacheBucketArn: cache?.bucket.arn,
        monitor: log.arn.apply((arn) => monitorStatements(arn, wantsMetrics(this.settings))),
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
    const { network, spot, debug } = this.settings;
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
          execAllowed: debug.ecsExec,
          tags: this.tags,
        }),
      );
  }

  private setUpHost(
    name: string,
    host: RunnerHost,
    files: { configToml: pulumi.Input<string>; fargateToml: pulumi.Input<string>; needs: pulumi.Resource[] },
  ): HostSetup {
    const { architecture, host: settings, metrics } = this.settings;
    const { runner, go, goProxy } = settings;
    const machine = { connection: this.connection(host), instanceId: host.instance.id, architecture };
    const args = { ...machine, runner, go, goProxy, metricsAddress: metricsAddress(metrics), ...files };
    return new HostSetup(`${name}-host`, args, { parent: this });
  }

  private connection({ instance }: RunnerHost): HostSetupArgs["connection"] {
    const { connection, privateKey } = this.settings.host;
    return {
      host: connection.address === "public" ? instance.publicIp : instance.privateIp,
      user: connection.user,
      privateKey,
      // A host that boots refuses connections for longer than the provider's ten tries take.
      dialErrorLimit: 30,
    };
  }
}

/** family:revision of a task definition's ARN: the revision that this deployment made, whatever is registered later. */
const familyRevision = (arn: pulumi.Output<string>): pulumi.Output<string> =>
  arn.apply((text) => text.slice(text.indexOf("/") + 1));
