/** The alarms, as a pure function of settings: what is measured, when it is too much, what then. */
import { metricsNamespace } from "../names";

export interface AlarmThresholds {
  /** Minutes without a sign of life of a host's runner. */
  heartbeatMinutes: number;
  /** Tasks that failed to start, within five minutes. */
  taskStartFailures: number;
  /** Jobs of a host that failed by no fault of their own, within five minutes. */
  systemFailures: number;
  /** Minutes that no task may live. */
  taskAgeMinutes: number;
  /** Percent of a host's root volume. */
  diskPercent: number;
}

export interface AlarmDefinition {
  namespace: string;
  metricName: string;
  statistic: "Maximum" | "Sum";
  /** Seconds. */
  period: number;
  evaluationPeriods: number;
  comparisonOperator: "GreaterThanOrEqualToThreshold" | "LessThanThreshold";
  threshold: number;
  /** What a minute without data means. */
  treatMissingData: "breaching" | "notBreaching" | "missing";
  /** What happened, and where to read on. */
  alarmDescription: string;
}

const tooMuch = { comparisonOperator: "GreaterThanOrEqualToThreshold", period: 60, evaluationPeriods: 1 } as const;
const readOn = (section: string) => `docs/operations.md, "${section}"`;

/** Alarms of each host, by name; their dimensions are Stack and Host, or InstanceId for EC2's own metric. */
export function hostAlarms(limits: AlarmThresholds): Record<string, AlarmDefinition> {
  const { heartbeatMinutes, systemFailures, diskPercent } = limits;
  return {
    "status-check": {
      ...tooMuch,
      namespace: "AWS/EC2",
      metricName: "StatusCheckFailed",
      statistic: "Maximum",
      evaluationPeriods: 3,
      threshold: 1,
      treatMissingData: "missing",
      alarmDescription: `The runner host's EC2 status check has failed for three minutes. ${readOn("Host down")}`,
    },
    heartbeat: {
      namespace: metricsNamespace,
      metricName: "Heartbeat",
      statistic: "Maximum",
      period: 60,
      evaluationPeriods: heartbeatMinutes,
      comparisonOperator: "LessThanThreshold",
      threshold: 1,
      // A host that is gone reports nothing.
      treatMissingData: "breaching",
      alarmDescription:
        `No sign of life of a host's GitLab Runner for ${heartbeatMinutes} minutes. ` + readOn("No heartbeat"),
    },
    "system-failures": {
      ...tooMuch,
      namespace: metricsNamespace,
      metricName: "SystemFailures",
      statistic: "Sum",
      period: 300,
      threshold: systemFailures,
      treatMissingData: "notBreaching",
      alarmDescription:
        `At least ${systemFailures} jobs of a host failed as system failures within five minutes. ` +
        readOn("System failures"),
    },
    refused: {
      ...tooMuch,
      namespace: metricsNamespace,
      metricName: "RefusedRequests",
      statistic: "Sum",
      // After three refusals the runner asks again an hour later. One or two come when a deployment deletes a runner: its
      // host finds out within three seconds.
      period: 3600,
      threshold: 3,
      treatMissingData: "notBreaching",
      alarmDescription: `GitLab refuses a runner of this host that asks for jobs. ${readOn("Runner refused")}`,
    },
    disk: {
      ...tooMuch,
      namespace: metricsNamespace,
      metricName: "DiskUsedPercent",
      statistic: "Maximum",
      period: 300,
      threshold: diskPercent,
      treatMissingData: "missing",
      alarmDescription: `A host's root volume is ${diskPercent} % full. ${readOn("Disk")}`,
    },
  };
}

/** Alarms of the stack, by name; their dimension is Stack. Each host tells the same, so the maximum is the truth. */
export function stackAlarms(limits: AlarmThresholds): Record<string, AlarmDefinition> {
  const { taskStartFailures, taskAgeMinutes } = limits;
  const ofStack = { ...tooMuch, namespace: metricsNamespace, statistic: "Maximum" } as const;
  return {
    "task-start-failures": {
      ...ofStack,
      metricName: "TaskStartFailures",
      threshold: taskStartFailures,
      treatMissingData: "notBreaching",
      alarmDescription:
        `At least ${taskStartFailures} Fargate tasks failed to start within five minutes. ` +
        readOn("Task start failures"),
    },
    "task-age": {
      ...ofStack,
      metricName: "OldestTaskAge",
      threshold: taskAgeMinutes * 60,
      treatMissingData: "notBreaching",
      alarmDescription:
        `A task is older than ${taskAgeMinutes} minutes, longer than any job may take. ` + readOn("Task too old"),
    },
  };
}

/** Timeout of a job that GitLab has told none for, in minutes; the driver's JobTimeout. */
const unboundedMinutes = 24 * 60;
/** What a task may live beyond its job's timeout before `reap` stops it (LifetimeMargin), and the time that takes. */
const marginMinutes = 60;

/**
 * Minutes after which no task can be a job's any more.
 * @param maximumTimeouts of the entries, in seconds; undefined where one has none
 */
export function longestTaskLife(maximumTimeouts: readonly (number | undefined)[]): number {
  const minutes = maximumTimeouts.map((seconds) =>
    seconds === undefined ? unboundedMinutes : Math.ceil(seconds / 60),
  );
  return Math.max(...minutes) + marginMinutes;
}
