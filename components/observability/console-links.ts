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

export function logLink(place: Place, group: string): string {
  // The console encodes a group's name twice and writes a dollar sign for each percent sign.
  const name = encodeURIComponent(encodeURIComponent(group)).replaceAll("%", "$");
  return inConsole(place, `cloudwatch/home?region=${place.region}#logsV2:log-groups/log-group/${name}`);
}

export const dashboardLink = (place: Place, name: string): string =>
  inConsole(place, `cloudwatch/home?region=${place.region}#dashboards/dashboard/${name}`);

export const hostLink = (place: Place, instanceId: string): string =>
  inConsole(place, `ec2/home?region=${place.region}#InstanceDetails:instanceId=${instanceId}`);
