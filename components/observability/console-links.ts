/** Addresses in AWS's console. */

const domains: Record<string, string> = {
  aws: "console.aws.amazon.com",
  "aws-cn": "console.amazonaws.cn",
  "aws-us-gov": "console.amazonaws-us-gov.com",
};

export interface Place {
  partition: string;
  region: string;
}

const inConsole = ({ partition, region }: Place, path: string): string =>
  `https://${region}.${domains[partition] ?? domains.aws}/${path}`;

export const clusterLink = (place: Place, cluster: string): string =>
  inConsole(place, `ecs/v2/clusters/${cluster}/tasks?region=${place.region}`);

/** The console writes a group's name with its own quoting: of each percent sign, the code. */
export const logLink = (place: Place, group: string): string =>
  inConsole(
    place,
    `cloudwatch/home?region=${place.region}#logsV2:log-groups/log-group/${encodeURIComponent(encodeURIComponent(group)).replaceAll("%", "$")}`,
  );

export const dashboardLink = (place: Place, name: string): string =>
  inConsole(place, `cloudwatch/home?region=${place.region}#dashboards/dashboard/${name}`);

export const hostLink = (place: Place, instanceId: string): string =>
  inConsole(place, `ec2/home?region=${place.region}#InstanceDetails:instanceId=${instanceId}`);
