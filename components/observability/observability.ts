import * as cloudwatch from "@pulumi/aws/cloudwatch";
import type * as ec2 from "@pulumi/aws/ec2";
import type { types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { longestTaskLife } from "./alarm-definitions";
import { Alarms } from "./alarms";
import { dashboardBody } from "./dashboard-body";
import { HostMonitor } from "../host/host-monitor";
import { arnParts } from "../iam/documents";
import { dashboardName } from "../names";
import type { Settings } from "../settings/settings";

export interface ObservabilityArgs {
  settings: Settings;
  hosts: readonly ObservedHost[];
  clusterArn: pulumi.Input<string>;
  clusterName: pulumi.Input<string>;
  /** Of the runners. */
  logGroup: cloudwatch.LogGroup;
  tags: Record<string, string>;
}

export interface ObservedHost {
  /** Names what belongs to it. */
  name: string;
  instance: ec2.Instance;
  connection: types.input.remote.ConnectionArgs;
  /** The runner on it. */
  runner: pulumi.Resource;
}

/** Whether hosts put metrics: they cost, so only where something reads them. */
export const wantsMetrics = ({ alarms, dashboard }: Pick<Settings, "alarms" | "dashboard">): boolean =>
  alarms !== undefined || dashboard;

/** What shows how the system is: the runners' log, and where wanted metrics, alarms and a dashboard. */
export class Observability extends pulumi.ComponentResource {
  /** The dashboard's name, where there is one. */
  readonly dashboard: pulumi.Output<string> | undefined;
  /** Where alarms are told, where there are any. */
  readonly alarmTopic: pulumi.Output<string> | undefined;
  private readonly region: pulumi.Output<string>;

  constructor(
    name: string,
    private readonly args: ObservabilityArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gitlab-fargate-runners:index:Observability", name, {}, opts);
    this.region = pulumi.output(args.clusterArn).apply((arn) => arnParts(arn).region);
    const monitors = args.hosts.map((host) => this.monitor(host));
    const alarms = this.createAlarms(name, monitors);
    if (args.settings.dashboard) this.dashboard = this.createDashboard(name, alarms);
    this.alarmTopic = alarms?.topic.arn;
    this.registerOutputs({ dashboard: this.dashboard, alarmTopic: this.alarmTopic });
  }

  private monitor({ name, instance, connection, runner }: ObservedHost): HostMonitor {
    const { settings, clusterName, logGroup } = this.args;
    return new HostMonitor(
      name,
      {
        connection,
        instanceId: instance.id,
        region: this.region,
        clusterName,
        logGroupName: logGroup.name,
        metricsPort: settings.metrics.port,
        metrics: wantsMetrics(settings),
        goProxy: settings.host.goProxy,
        needs: [runner],
      },
      { parent: this },
    );
  }

  private createAlarms(name: string, monitors: HostMonitor[]): Alarms | undefined {
    const { settings, hosts, tags } = this.args;
    if (settings.alarms === undefined) return undefined;
    const { email, taskAgeMinutes, ...limits } = settings.alarms;
    const longest = longestTaskLife(settings.entries.map(({ maximumTimeout }) => maximumTimeout));
    return new Alarms(
      `${name}-alarms`,
      {
        thresholds: { ...limits, taskAgeMinutes: taskAgeMinutes ?? longest },
        email,
        hosts: hosts.map(({ name, instance }) => ({ name, instanceId: instance.id })),
        needs: monitors,
        tags,
      },
      { parent: this },
    );
  }

  private createDashboard(name: string, alarms: Alarms | undefined): pulumi.Output<string> {
    const stack = pulumi.getStack();
    const dashboard = new cloudwatch.Dashboard(
      name,
      {
        dashboardName: dashboardName(stack),
        dashboardBody: pulumi
          .output({
            region: this.region,
            stack,
            instanceIds: this.args.hosts.map(({ instance }) => instance.id),
            alarmArns: alarms?.arns ?? [],
            runnerLogGroup: this.args.logGroup.name,
          })
          .apply(dashboardBody),
      },
      { parent: this },
    );
    return dashboard.dashboardName;
  }
}
