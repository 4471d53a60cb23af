import * as cloudwatch from "@pulumi/aws/cloudwatch";
import type * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { BuildCache } from "./jobs/build-cache";
import { driverConfiguration, families, runnerConfiguration } from "./host/host-files";
import { placeHosts } from "./host/host-placement";
import { HostSetup, type HostSetupArgs } from "./host/host-setup";
import { hostPolicy } from "./iam/documents";
import { monitorStatements } from "./iam/observability";
import { JobCluster } from "./jobs/job-cluster";
import { JobImage } from "./jobs/job-image";
import type { LookUps, Network } from "./look-ups/look-ups";
import { allowMetrics, metricsAddress } from "./observability/metrics-access";
import { hostName } from "./names";
import { Observability, wantsMetrics, type ObservedHost } from "./observability/observability";
import { RunnerHost } from "./host/runner-host";
import { RunnerTokens } from "./gitlab/runner-tokens";
import type { Settings } from "./settings/settings";

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
    const log = this.createRunnerLog(name);
    const host = this.createHosts(name, { network, hostSubnets, amiId }, { cluster, cache, log });
    cluster.allowSshFrom(`${name}-job-ssh`, host.securityGroup, this.tags);
    allowMetrics(`${name}-metrics`, host.securityGroup, settings.metrics, this.tags, { parent: this });
    const hosts = this.setUpHosts(name, host, {
      driver,
      configToml: runnerConfiguration(settings, tokens, cluster, cache),
      fargateToml: driverConfiguration(settings, cluster, network, this.tags),
      needs: [cluster, ...host.access, ...(cache ? [cache] : [])],
    });
    const { arn: clusterArn, name: clusterName } = cluster.cluster;
    const shown = new Observability(
      name,
      { settings, hosts, clusterArn, clusterName, logGroup: log, tags: this.tags },
      { parent: this },
    );

    this.hosts = pulumi.output(
      host.instances.map(({ id, privateIp, publicIp }) => ({ id, privateAddress: privateIp, publicAddress: publicIp })),
    );
    this.cluster = clusterName;
    this.clusterArn = clusterArn;
    this.image = image.uri;
    this.runners = pulumi.output(Object.fromEntries([...tokens.runners].map(([key, runner]) => [key, runner.id])));
    this.cacheBucket = cache?.bucket.bucket;
    this.driver = driver.origin;
    this.logs = { tasks: cluster.logGroup.name, runners: log.name };
    this.dashboard = shown.dashboard;
    this.alarmTopic = shown.alarmTopic;
    this.registerOutputs({ hosts: this.hosts, cluster: this.cluster, image: this.image, runners: this.runners });
  }

  private createImage(name: string): JobImage {
    const { image, architecture, protect } = this.settings;
    return new JobImage(`${name}-job`, { ...image, architecture, protect, tags: this.tags }, { parent: this });
  }

  private createCluster(name: string, { uri: imageUri }: JobImage, { vpcId }: Network): JobCluster {
    const { sizes, architecture, spot, logs, protect, permissionsBoundary, debug } = this.settings;
    const log = { logRetention: logs.retentionDays, logKey: logs.kmsKeyId, protect };
    const access = { execAllowed: debug.ecsExec, permissionsBoundary };
    const args = { imageUri, sizes, architecture, spot, vpcId, ...log, ...access, tags: this.tags };
    return new JobCluster(name, args, { parent: this });
  }

  private createCache(name: string): BuildCache | undefined {
    const { cache, protect } = this.settings;
    return cache.enabled
      ? new BuildCache(`${name}-cache`, { expiry: cache.expiryDays, protect, tags: this.tags }, { parent: this })
      : undefined;
  }

  private createRunnerLog(name: string): cloudwatch.LogGroup {
    const { logs, protect } = this.settings;
    const { retentionDays: retentionInDays, kmsKeyId } = logs;
    const args = { retentionInDays, kmsKeyId, tags: this.tags };
    return new cloudwatch.LogGroup(`${name}-runner`, args, { parent: this, protect });
  }

  private createHosts(
    name: string,
    { network: { vpcId, isDefault }, hostSubnets, amiId }: Pick<LookUps, "network" | "hostSubnets" | "amiId">,
    { cluster, cache, log }: { cluster: JobCluster; cache?: BuildCache; log: cloudwatch.LogGroup },
  ): RunnerHost {
    const { network, host, permissionsBoundary } = this.settings;
    const policy = pulumi
      .output({
        clusterArn: cluster.cluster.arn,
        families: families(this.settings),
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

  private setUpHosts(
    name: string,
    { instances }: RunnerHost,
    given: Pick<HostSetupArgs, "driver" | "configToml" | "fargateToml" | "needs">,
  ): ObservedHost[] {
    const { host, architecture: taskArchitecture, metrics } = this.settings;
    const { architecture, runner, go, goProxy } = host;
    return instances.map((instance, index) => {
      const own = hostName(`${name}-host`, index);
      const machine = {
        connection: this.connection(instance),
        instanceId: instance.id,
        architecture,
        taskArchitecture,
      };
      const args = { ...machine, runner, go, goProxy, metricsAddress: metricsAddress(metrics), ...given };
      const setup = new HostSetup(own, args, { parent: this });
      return { name: own, instance, connection: setup.connection, runner: setup };
    });
  }

  private connection({ publicIp, privateIp }: ec2.Instance): HostSetupArgs["connection"] {
    const { connection, privateKey } = this.settings.host;
    const { address, user, proxy } = connection;
    return {
      host: address === "public" ? publicIp : privateIp,
      user,
      privateKey,
      // A host that boots refuses connections for longer than the provider's ten tries take.
      dialErrorLimit: 30,
      proxy,
    };
  }
}
