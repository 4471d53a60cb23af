import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";
import { cacheArgs, clusterArgs, hostArgs, imageArgs, runnerLogArgs, setupArgs, transferArgs } from "./component-args";
import { RunnerTokens } from "./gitlab/runner-tokens";
import { hostDrain } from "./host/host-drain";
import { driverConfiguration, families, runnerConfiguration } from "./host/host-files";
import type { Subnet } from "./host/host-placement";
import { HostSetup, type HostSetupArgs } from "./host/host-setup";
import { newLoginKey, type LoginKey } from "./host/login-key";
import { RunnerHost } from "./host/runner-host";
import { checkRoom } from "./iam/room";
import { allowIngress } from "./ingress";
import { BuildCache } from "./jobs/build-cache";
import { cacheBucket } from "./jobs/cache-bucket";
import { CacheTransferRole } from "./jobs/cache-transfer-role";
import { JobCluster } from "./jobs/job-cluster";
import { JobImage } from "./jobs/job-image";
import { bundledDriver, type DriverSource } from "./look-ups/driver-source";
import { hostName, stackTag } from "./names";
import { allowMetrics } from "./observability/metrics-access";
import { Observability } from "./observability/observability";
import type { Settings } from "./settings/settings";

/** `loadSettings` reads settings from the stack's configuration, and `lookUp` finds the rest for them. */
export interface FargateRunnersArgs {
  /** Checked and completed, as `loadSettings` or `parseSettings` return them. */
  readonly settings: Settings;
  /** Where hosts and tasks run. */
  readonly network: NetworkArgs;
  /**
   * The subnets that have the hosts' instance type; at least one.
   * @default all of the network
   */
  readonly hostSubnets?: readonly Subnet<pulumi.Input<string>>[];
  /** Machine image of a new host. A host that is there keeps its own. */
  readonly amiId: pulumi.Input<string>;
  /**
   * Ids of the groups and projects of entries without a token of their own, by the entry's key.
   * @default none: every entry has a token or is an instance runner
   */
  readonly owners?: ReadonlyMap<string, pulumi.Input<number>>;
  /**
   * What the hosts' driver is compiled from.
   * @default driver/ of this project
   */
  readonly driver?: DriverSource;
}

export interface NetworkArgs {
  readonly vpcId: pulumi.Input<string>;
  /** Tasks try them one after the other. */
  readonly subnets: readonly Subnet<pulumi.Input<string>>[];
  /**
   * Whether nobody has chosen the subnets, as in the default VPC: other ones may come up at any time, and hosts stay in
   * theirs.
   * @default false
   */
  readonly isDefault?: boolean;
}

/** A host, as the stack's outputs show it. */
export interface HostOutput {
  id: string;
  privateAddress: string;
  /** Empty where it has none. */
  publicAddress: string;
}

/** GitLab CI runners each of whose jobs runs in a Fargate task of its own: the whole system. */
export class FargateRunners extends pulumi.ComponentResource {
  readonly hosts: pulumi.Output<HostOutput[]>;
  /** What the deployment logs in to hosts with, where no key was given and it has made one. */
  readonly privateKey: pulumi.Output<string> | undefined;
  /** Name of the ECS cluster. */
  readonly cluster: pulumi.Output<string>;
  readonly clusterArn: pulumi.Output<string>;
  /** URI of the image that jobs run in. */
  readonly image: pulumi.Output<string>;
  /** GitLab's ids of the runners, by entry: "group/acme/backend". */
  readonly runners: pulumi.Output<Record<string, string>>;
  readonly cacheBucket: pulumi.Output<string> | undefined;
  /** What the hosts' driver is compiled from: "bundled", or repository and commit. */
  readonly driver: string;
  /** Names of the log groups. */
  readonly logs: { readonly tasks: pulumi.Output<string>; readonly runners: pulumi.Output<string> };
  /** The dashboard's name, where there is one. */
  readonly dashboard: pulumi.Output<string> | undefined;
  /** ARN of the topic that alarms are sent to, where there are any. */
  readonly alarmTopic: pulumi.Output<string> | undefined;

  constructor(name: string, args: FargateRunnersArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:FargateRunners", name, {}, opts);
    checkRoom(name, args.settings, families(args.settings));
    const { settings, network, owners, driver = bundledDriver() } = args;
    const tags = { [stackTag]: pulumi.getStack(), ...settings.tags };
    const inside = { parent: this };

    const image = new JobImage(`${name}-job`, imageArgs(settings, tags), inside);
    const cluster = new JobCluster(name, clusterArgs(settings, image, network.vpcId, tags), inside);
    const makeCache = () => new BuildCache(`${name}-cache`, cacheArgs(settings, tags), inside);
    const cache = cacheBucket(settings, cluster.cluster.arn, makeCache);
    const tokens = new RunnerTokens(name, { entries: settings.entries, owners }, inside);
    const log = new cloudwatch.LogGroup(`${name}-runner`, runnerLogArgs(settings, tags), {
      ...inside,
      protect: settings.protect,
    });
    const { publicKey, privateKey } = settings.host;
    const given = publicKey !== undefined && privateKey !== undefined ? { publicKey, privateKey } : undefined;
    const login = given ?? newLoginKey(`${name}-host`, inside);
    const host = new RunnerHost(`${name}-host`, hostArgs(args, login, { cluster, cache, log }, tags), inside);
    const transfer =
      cache && settings.cache.multipart
        ? new CacheTransferRole(`${name}-cache-transfer`, transferArgs(settings, cache, host.role, tags), inside)
        : undefined;
    allowJobSsh(`${name}-job-ssh`, cluster, host, tags);
    allowMetrics(`${name}-metrics`, host.securityGroup.id, settings.metrics, tags, inside);

    const subnetIds = network.subnets.map(({ id }) => id);
    const content = {
      driver,
      configToml: runnerConfiguration(settings, tokens, cluster, cache && { ...cache, transferRole: transfer?.arn }),
      fargateToml: driverConfiguration(settings, cluster, subnetIds, tags),
      needs: [cluster, ...host.access, ...(cache?.needs ?? [])],
    };
    const hosts = this.setUpHosts(`${name}-host`, settings, login, host, content);
    const { arn: clusterArn, name: clusterName } = cluster.cluster;
    const observed = { hosts, clusterArn, clusterName, logGroupName: log.name };
    const observability = new Observability(name, { settings, ...observed, tags }, inside);
    // All that a host's jobs use, and what watches them, goes only when the host is drained.
    const { drainTimeout: timeout } = settings.host;
    for (const { name: own, runner, ...reached } of hosts) {
      hostDrain(own, { ...reached, timeout, before: [runner, observability] }, inside);
    }

    this.hosts = pulumi.output(
      host.instances.map(({ id, privateIp }, index) => ({
        id,
        privateAddress: privateIp,
        publicAddress: host.publicAddresses[index]?.address ?? "",
      })),
    );
    this.privateKey = given ? undefined : login.privateKey;
    this.cluster = clusterName;
    this.clusterArn = clusterArn;
    this.image = image.uri;
    this.runners = pulumi.output(Object.fromEntries([...tokens.runners].map(([key, runner]) => [key, runner.id])));
    this.cacheBucket = cache?.name;
    this.driver = driver.origin;
    this.logs = { tasks: cluster.logGroup.name, runners: log.name };
    this.dashboard = observability.dashboard;
    this.alarmTopic = observability.alarmTopic;
    this.registerOutputs({
      hosts: this.hosts,
      cluster: this.cluster,
      clusterArn: this.clusterArn,
      image: this.image,
      runners: this.runners,
      cacheBucket: this.cacheBucket,
      driver: this.driver,
      logs: this.logs,
      dashboard: this.dashboard,
      alarmTopic: this.alarmTopic,
    });
  }

  private setUpHosts(
    name: string,
    settings: Settings,
    login: LoginKey,
    { instances, publicAddresses }: RunnerHost,
    content: Pick<HostSetupArgs, "driver" | "configToml" | "fargateToml" | "needs">,
  ) {
    return instances.map((instance, index) => {
      const own = hostName(name, index);
      const args = setupArgs(settings, login, instance, publicAddresses[index]);
      const runner = new HostSetup(own, { ...args, ...content }, { parent: this });
      return { name: own, instanceId: instance.id, connection: runner.connection, runner };
    });
  }
}

/**
 * Lets the hosts reach the jobs by SSH. The rule is a child of the cluster: whatever waits for the cluster waits for
 * the rule too, and another parent would replace the rule of a stack that is deployed already.
 */
function allowJobSsh(name: string, cluster: JobCluster, host: RunnerHost, tags: Record<string, string>): void {
  const rule = {
    from: { securityGroupId: host.securityGroup.id },
    port: 22,
    description: "SSH from the runner host",
    tags,
  };
  allowIngress(name, { ...rule, to: cluster.securityGroup.id }, { parent: cluster });
  const { hostsOnly } = cluster;
  if (hostsOnly) allowIngress(`${name}-others`, { ...rule, to: hostsOnly.id }, { parent: cluster });
}
