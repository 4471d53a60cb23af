/** The whole of what a stack's hosts may do in AWS. */
import { eachOnce } from "../each-once";
import { wantsMetrics } from "../observability/observability";
import { allServices, foreignImages } from "../settings/services";
import type { Settings } from "../settings/settings";
import { arnParts, hostPolicy } from "./documents";
import { foreignAccess, imageStatements, readable, readStatements } from "./images";
import { monitorStatements } from "./observability";
import { serviceStatements } from "./services";

/** Of what the rights name. */
export interface HostArns {
  cluster: string;
  executionRole: string;
  taskRole: string;
  /** Of the runners' log group. */
  log: string;
  /** Of the tasks' log group. */
  jobLog: string;
  /** Of the bucket of `cache:`, where there is one. */
  cacheBucket?: string;
}

/**
 * Policy document of the hosts' role.
 *
 * @param families of the stack's task definitions
 */
export function rightsOfHosts(settings: Settings, families: string[], arns: HostArns): string {
  const images = foreignImages(settings);
  const foreign = foreignAccess(images, settings.images.registries, arnParts(arns.cluster).partition);
  return hostPolicy({
    clusterArn: arns.cluster,
    families,
    executionRoleArn: arns.executionRole,
    taskRoleArns: [arns.taskRole, ...eachOnce(settings.entries.flatMap(({ taskRole }) => taskRole ?? []))],
    cacheBucketArn: arns.cacheBucket,
    cacheKeyArn: settings.cache.kmsKeyArn,
    images: [
      ...(images.length > 0 ? [...imageStatements(arns.cluster, families), ...readStatements(readable(foreign))] : []),
      ...(allServices(settings).length > 0 ? serviceStatements(arns.jobLog) : []),
    ],
    monitor: monitorStatements(arns.log, wantsMetrics(settings)),
  });
}
