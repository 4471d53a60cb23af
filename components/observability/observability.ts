import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";
import type { Connection } from "../host/host-commands";
import { HostMonitor, type HostMonitorArgs } from "../host/host-monitor";
import { arnParts } from "../iam/documents";
import { dashboardName } from "../names";
import type { Settings } from "../settings/settings";
import type { Tags } from "../types";
import { longestTaskLife, type AlarmThresholds } from "./alarm-definitions";
import { Alarms } from "./alarms";
import { dashboardBody } from "./dashboard-body";

export interface ObservabilityArgs {
  readonly settings: ObservabilitySettings;
  readonly hosts: readonly ObservedHost[];
  readonly clusterArn: pulumi.Input<string>;
  readonly clusterName: pulumi.Input<string>;
  /** The log group of the runners. */
  readonly logGroupName: pulumi.Input<string>;
  readonly tags: Tags;
}

export type ObservabilitySettings = Pick<
  Settings,
  "alarms" | "dashboard" | "metrics" | "host" | "network" | "entries" | "spot" | "kmsKeyArn"
>;

export interface ObservedHost {
  /** The names of what belongs to the host begin with it. */
  readonly name: string;
  readonly instanceId: pulumi.Input<string>;
  readonly connection: Connection;
  /** The runner on it. */
  readonly runner: pulumi.Resource;
}

/** Whether hosts put metrics: they cost, so only where something reads them. */
export const wantsMetrics = ({ alarms, dashboard }: Pick<Settings, "alarms" | "dashboard">): boolean =>
  alarms !== undefined || dashboard;

/** Whether the dashboard shows spot capacity, whose metrics nothing else reads. */
const showsSpot = ({ dashboard, spot, entries }: ObservabilitySettings): boolean =>
  dashboard && [spot, ...entries.map((entry) => entry.spot)].some((one) => one === "prefer" || one === "only");

/** What shows how the system is: the runners' log, and where wanted metrics, alarms and a dashboard. */
export class Observability extends pulumi.ComponentResource {
  /** The dashboard's name, where there is one. */
  readonly dashboard: pulumi.Output<string> | undefined;
  /** ARN of the topic that alarms are sent to, where there are any. */
  readonly alarmTopic: pulumi.Output<string> | undefined;

  constructor(name: string, args: ObservabilityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:Observability", name, {}, opts);
    const { settings, hosts, tags } = args;
    const region = pulumi.output(args.clusterArn).apply((arn) => arnParts(arn).region);
    const monitors = hosts.map((host) => new HostMonitor(host.name, monitorArgs(host, args, region), { parent: this }));
    const thresholds = alarmThresholds(settings);
    const alarms =
      thresholds &&
      new Alarms(
        `${name}-alarms`,
        {
          ...{ thresholds, email: settings.alarms?.email, hosts },
          ...{ needs: monitors, kmsKeyArn: settings.kmsKeyArn, tags },
        },
        { parent: this },
      );
    const dashboard = settings.dashboard
      ? new cloudwatch.Dashboard(name, dashboardArgs(args, region, alarms), { parent: this })
      : undefined;
    this.dashboard = dashboard?.dashboardName;
    this.alarmTopic = alarms?.topic.arn;
    this.registerOutputs({ dashboard: this.dashboard, alarmTopic: this.alarmTopic });
  }
}

function monitorArgs(
  { instanceId, connection, runner }: ObservedHost,
  { settings, clusterName, logGroupName }: ObservabilityArgs,
  region: pulumi.Output<string>,
): HostMonitorArgs {
  return {
    connection,
    instanceId,
    region,
    clusterName,
    logGroupName,
    metricsPort: settings.metrics.port,
    metrics: wantsMetrics(settings),
    spot: showsSpot(settings),
    goProxy: settings.host.goProxy,
    httpProxy: settings.network.httpProxy,
    needs: [runner],
  };
}

/** Undefined where there are to be no alarms. */
function alarmThresholds({ alarms, entries }: ObservabilitySettings): AlarmThresholds | undefined {
  return (
    alarms && {
      ...alarms,
      taskAgeMinutes: alarms.taskAgeMinutes ?? longestTaskLife(entries.map(({ maximumTimeout }) => maximumTimeout)),
    }
  );
}

function dashboardArgs(
  { settings, hosts, logGroupName }: ObservabilityArgs,
  region: pulumi.Output<string>,
  alarms: Alarms | undefined,
): cloudwatch.DashboardArgs {
  const stack = pulumi.getStack();
  const shown = {
    region,
    stack,
    instanceIds: hosts.map(({ instanceId }) => instanceId),
    alarmArns: alarms?.arns ?? [],
    runnerLogGroup: logGroupName,
    spot: showsSpot(settings),
  };
  return { dashboardName: dashboardName(stack), dashboardBody: pulumi.output(shown).apply(dashboardBody) };
}
