/** What tasks, and stacks at rest, cost by AWS's list prices. Pure functions. */
import { hostAlarms, stackAlarms, type AlarmThresholds } from "../components/observability/alarm-definitions";
import * as defaults from "../components/settings/defaults";
import type { Architecture } from "../components/types";
import { hoursPerMonth, prices } from "./prices";

export interface TaskSize {
  /** CPU units, 1024 = 1 vCPU. */
  cpu: number;
  /** MiB. */
  memory: number;
  /** GiB; 20 are free. */
  ephemeralStorage?: number;
}

/** Dollars for a minute of a task on demand. Spot: up to 70 % less, at a price that changes. */
export function taskMinute({ cpu, memory, ephemeralStorage = 20 }: TaskSize, architecture: Architecture): number {
  const { vcpu, gigabyte } = prices.fargate[architecture];
  const storage = Math.max(0, ephemeralStorage - 20) * prices.fargate.storage;
  return ((cpu / 1024) * vcpu + (memory / 1024) * gigabyte + storage) / 60;
}

export interface StackAtRest {
  hosts: number;
  instanceType: string;
  publicAddresses: boolean;
  alarms: boolean;
  dashboard: boolean;
}

/** Dollars a month, by item. @throws Error for an instance type without a price here */
export function atRest({ hosts, instanceType, publicAddresses, alarms, dashboard }: StackAtRest) {
  const hourly = prices.instance[instanceType];
  if (hourly === undefined) throw new Error(`automation/prices.ts has no price of ${instanceType}`);
  const limits = { ...defaults.thresholds, taskAgeMinutes: 1 } satisfies AlarmThresholds;
  const [perHost, perStack] = [hostAlarms(limits), stackAlarms(limits)].map((all) => Object.keys(all).length);
  return {
    instances: hosts * hourly * hoursPerMonth,
    addresses: publicAddresses ? hosts * prices.publicAddress * hoursPerMonth : 0,
    metrics: alarms || dashboard ? (metricsPerHost * hosts + metricsPerStack) * prices.metric : 0,
    alarms: alarms ? (perHost * hosts + perStack) * prices.alarm : 0,
    dashboard: dashboard ? prices.dashboard : 0,
  };
}

/** Heartbeat, RunningJobs, SystemFailures, RefusedRequests, DiskUsedPercent. */
const metricsPerHost = 5;
/** RunningTasks, OldestTaskAge, TaskStartFailures. */
const metricsPerStack = 3;
