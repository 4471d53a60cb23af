/**
 * The dashboard's content. @see
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */
import { metricsNamespace } from "../names";

export interface DashboardArgs {
  region: string;
  stack: string;
  instanceIds: readonly string[];
  /** None where there are no alarms. */
  alarmArns: readonly string[];
  runnerLogGroup: string;
  /** Whether some tasks are on spot capacity. */
  spot: boolean;
}

type Metric = (string | Record<string, unknown>)[];

/** Tasks of a stack on spot capacity, the others, and how many AWS has taken the capacity of. */
const byCapacity = (ofStack: (name: string) => Metric): Metric[] => [
  [...ofStack("RunningTasks"), { id: "all", visible: false }],
  [...ofStack("SpotTasks"), { id: "spot", label: "spot" }],
  [{ expression: "all - spot", label: "on demand" }],
  [...ofStack("SpotInterruptions"), { label: "taken back by AWS, of five minutes" }],
];

/** JSON; rows of widgets, 24 units wide. */
export function dashboardBody(args: DashboardArgs): string {
  const { region, stack, instanceIds, alarmArns, runnerLogGroup, spot } = args;
  const ofStack = (name: string): Metric => [metricsNamespace, name, "Stack", stack];
  const ofHosts = (name: string): Metric[] =>
    instanceIds.map((host) => [metricsNamespace, name, "Stack", stack, "Host", host]);
  const graph = (title: string, metrics: Metric[], stat = "Maximum", period = 60) => ({
    type: "metric",
    width: 8,
    height: 6,
    properties: { title, region, metrics, stat, period, view: "timeSeries", yAxis: { left: { min: 0 } } },
  });
  const alarms = { type: "alarm", width: 24, height: 3, properties: { title: "Alarms", alarms: alarmArns } };
  const log = {
    type: "log",
    width: 24,
    height: 8,
    properties: { title: "The runner's warnings and errors", region, view: "table", query: warnings(runnerLogGroup) },
  };
  const widgets = [
    ...(alarmArns.length > 0 ? [alarms] : []),
    graph("Tasks", [ofStack("RunningTasks")]),
    ...(spot ? [graph("Tasks, by capacity", byCapacity(ofStack))] : []),
    graph("Jobs, by host", ofHosts("RunningJobs")),
    graph("Oldest task, seconds", [ofStack("OldestTaskAge")]),
    graph("Tasks that failed to start, of five minutes", [ofStack("TaskStartFailures")]),
    graph("Jobs that failed as system failures", ofHosts("SystemFailures"), "Sum", 300),
    graph("Requests for jobs that GitLab refused", ofHosts("RefusedRequests"), "Sum", 300),
    graph("Heartbeat", ofHosts("Heartbeat")),
    graph("Root volume, percent", ofHosts("DiskUsedPercent")),
    graph(
      "CPU of the hosts, percent",
      instanceIds.map((id) => ["AWS/EC2", "CPUUtilization", "InstanceId", id]),
      "Average",
      300,
    ),
    graph(
      "Status checks failed",
      instanceIds.map((id) => ["AWS/EC2", "StatusCheckFailed", "InstanceId", id]),
    ),
    log,
  ];
  return JSON.stringify({ widgets });
}

const levels = '["warning", "error", "critical", "alert", "emergency"]';

/** The runner writes its level into the message. Units that fail show by systemd's own level. */
const warnings = (logGroup: string): string =>
  [
    `SOURCE '${logGroup}'`,
    "fields @timestamp, @logStream, unit, message",
    `filter message like /(?i)warn|error|fatal|panic/ or level in ${levels}`,
    "sort @timestamp desc",
    "limit 100",
  ].join(" | ");
