import * as pulumi from "@pulumi/pulumi";
import { clusterLink, dashboardLink, hostLink, logLink } from "./observability/console-links";
import type { FargateRunners } from "./fargate-runners";
import { arnParts } from "./iam/documents";

/**
 * What a deployment tells: names, where to look in AWS's console, and what to do next.
 *
 * @param awsEndpoint of an AWS that is not Amazon's, as AWS_ENDPOINT_URL names it. It has no console, and the links
 * would lead to another account, of whoever follows them.
 */
export function stackOutputs(runners: FargateRunners, awsEndpoint?: string) {
  const { hosts, cluster, image, cacheBucket, driver, logs, alarmTopic, privateKey } = runners;
  return {
    hosts,
    cluster,
    image,
    runners: runners.runners,
    ...(cacheBucket && { cacheBucket }),
    driver,
    logs,
    ...(alarmTopic && { alarmTopic }),
    ...(privateKey && { privateKey }),
    ...(!awsEndpoint && places(runners)),
  };
}

function places({ clusterArn, cluster, logs, dashboard, hosts }: FargateRunners) {
  const place = clusterArn.apply(arnParts);
  const link = (
    make: (place: { partition: string; region: string }, name: string) => string,
    name: pulumi.Output<string>,
  ) => pulumi.all([place, name]).apply(([where, what]) => make(where, what));
  return {
    console: {
      cluster: link(clusterLink, cluster),
      taskLog: link(logLink, logs.tasks),
      runnerLog: link(logLink, logs.runners),
      ...(dashboard && { dashboard: link(dashboardLink, dashboard) }),
      hosts: pulumi.all([place, hosts]).apply(([where, all]) => all.map(({ id }) => hostLink(where, id))),
    },
    /** Shows the runners taking their jobs. */
    next: pulumi
      .all([place, logs.runners])
      .apply(([{ region }, group]) => `aws logs tail ${group} --follow --region ${region}`),
  };
}
