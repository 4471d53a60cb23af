/**
 * What a reviewer has to know before anything else: rules as data. The ids are what a merge request acknowledges
 * (policy.ts); docs/gitlab-ci.md lists them.
 */
import type { Change, Op } from "./changes";
import { accessRules } from "./danger-rules-access";
import { isReachedAnotherWay, stopsHost } from "./host-changes";
import { instance, userRunner } from "./resource-types";

export interface DangerRule {
  id: string;
  title: string;
  /** Of the resource. */
  type: RegExp;
  ops: Op[];
  /** Beyond type and operation. @param all the whole change set */
  when?: (change: Change, all: Change[]) => boolean;
  means: string;
  lasts: string;
  /** Told, and needing no acknowledgement. */
  toldOnly?: boolean;
}

export const dangerRules: DangerRule[] = [
  {
    id: "host-replaced",
    title: "host replaced",
    type: instance,
    ops: ["replace"],
    means: "A new host is set up first; then the old one takes no more jobs, finishes those it has, and is removed.",
    lasts: "Minutes until the new host works; the old one stays for its longest job, up to `host.drainTimeout`.",
  },
  {
    id: "host-removed",
    title: "host removed",
    type: instance,
    ops: ["delete"],
    means: "It takes no more jobs, finishes those it has, and is removed for good; what else lies on it is lost.",
    lasts: "As long as its longest job, up to `host.drainTimeout`.",
  },
  {
    id: "host-stopped",
    title: "host stopped",
    type: instance,
    ops: ["update"],
    when: stopsHost,
    means: "AWS changes this only while the instance is stopped: jobs that it runs are lost.",
    lasts: "A few minutes without this host.",
  },
  {
    id: "runner-restarted",
    title: "runner restarted",
    type: /^command:remote:Command$/,
    ops: ["update"],
    when: (change) => change.name.endsWith("-service") && !isReachedAnotherWay(change),
    means: "The runner stops when its running jobs have ended, and starts again; new jobs wait for that.",
    lasts: "As long as the host's longest job, up to a day.",
    toldOnly: true,
  },
  {
    id: "runner-removed",
    title: "runner removed",
    type: userRunner,
    ops: ["delete"],
    means: "GitLab forgets the runner and its token. Jobs that no other runner takes stay pending.",
    lasts: "For good: the entry put back makes another runner with another token.",
  },
  {
    id: "runner-token-replaced",
    title: "runner and token replaced",
    type: userRunner,
    ops: ["replace"],
    means: "A new runner with a new token takes the place of the old one, whose id and history in GitLab go.",
    lasts: "Jobs wait for the seconds between the two.",
  },
  {
    id: "bucket-deleted",
    title: "bucket deleted",
    type: /^aws:s3\/bucket:Bucket$/,
    ops: ["delete", "replace"],
    means: "All archives in it are deleted: jobs start without their cache.",
    lasts: "For good; each job fills its cache again, in as long as it takes without one.",
  },
  {
    id: "repository-deleted",
    title: "image repository deleted",
    type: /^aws:ecr\/repository:Repository$/,
    ops: ["delete", "replace"],
    means: "All images in it are deleted: tasks that still start from one of them fail.",
    lasts: "Until the deployment has pushed the next image; the old ones are lost for good.",
  },
  {
    id: "logs-deleted",
    title: "logs deleted",
    type: /^aws:cloudwatch\/logGroup:LogGroup$/,
    ops: ["delete", "replace"],
    means: "The logs in it are deleted.",
    lasts: "For good.",
  },
  {
    id: "cluster-deleted",
    title: "ECS cluster deleted",
    type: /^aws:ecs\/cluster:Cluster$/,
    ops: ["delete", "replace"],
    means: "Jobs that run on it are lost; ECS deletes no cluster with running tasks.",
    lasts: "Until the hosts know the new cluster, minutes.",
  },
  ...accessRules,
];
