/** What CloudWatch has of the sandbox's stack. */
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, GetLogEventsCommand, type OutputLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import { awsEndpoint, region } from "../../sandbox/config";
import { pulumiOk } from "./engine";

const settings = {
  endpoint: awsEndpoint,
  region,
  credentials: { accessKeyId: "sandbox", secretAccessKey: "sandbox" },
};

export const cloudwatch = new CloudWatchClient(settings);
export const logs = new CloudWatchLogsClient(settings);

/** The stack's outputs. */
export async function outputs() {
  return JSON.parse((await pulumiOk(["stack", "output", "--json"])).stdout);
}

/** A metric's newest value; undefined where none has been put. Host: only where the metric has that dimension. */
export async function latest(metric: string, host?: string): Promise<number | undefined> {
  return (await values(metric, host)).at(-1);
}

/** The sum of a metric's values. */
export async function total(metric: string, host?: string): Promise<number> {
  return (await values(metric, host)).reduce((a, b) => a + b, 0);
}

/** Of the last hour, in the order of their times. */
async function values(MetricName: string, Host?: string): Promise<number[]> {
  const { Datapoints = [] } = await cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace: "gitlab-fargate-runners",
      MetricName,
      Dimensions: Object.entries({ Stack: "sandbox", ...(Host && { Host }) }).map(([Name, Value]) => ({ Name, Value })),
      StartTime: new Date(Date.now() - 3_600_000),
      EndTime: new Date(Date.now() + 60_000),
      Period: 1,
      Statistics: ["Maximum"],
    }),
  );
  const sorted = [...Datapoints].sort((a, b) => a.Timestamp!.getTime() - b.Timestamp!.getTime());
  return sorted.map(({ Maximum }) => Maximum!);
}

/** A stream's events, in the order of their times. */
export async function streamOf(logGroupName: string, logStreamName: string): Promise<OutputLogEvent[]> {
  const all: OutputLogEvent[] = [];
  for (let nextToken: string | undefined; ;) {
    const query = new GetLogEventsCommand({ logGroupName, logStreamName, startFromHead: true, nextToken });
    const { events = [], nextForwardToken } = await logs.send(query);
    all.push(...events);
    if (events.length === 0 || nextForwardToken === nextToken) return all;
    nextToken = nextForwardToken;
  }
}
