/** CloudWatch's alarms and dashboards. moto keeps alarms and never evaluates them. */
import {
  DeleteAlarmsCommand,
  DeleteDashboardsCommand,
  DescribeAlarmsCommand,
  GetDashboardCommand,
  ListTagsForResourceCommand,
  PutDashboardCommand,
  PutMetricAlarmCommand,
  TagResourceCommand,
  UntagResourceCommand,
  type ComparisonOperator,
  type PutMetricAlarmCommandInput,
  type Statistic,
} from "@aws-sdk/client-cloudwatch";
import type { Context, Resource } from "../framework/definition";
import type { Props } from "../framework/values";
import { unlessGone, type ClientsFor } from "./clients";
import { awsResource, fromTagList, tagList, updateTags } from "./common";
import { dashboardFailures } from "./refusals";

export function cloudwatchResources(clientsFor: ClientsFor): Record<string, Resource> {
  return {
    "aws:cloudwatch/metricAlarm:MetricAlarm": metricAlarm(clientsFor),
    "aws:cloudwatch/dashboard:Dashboard": dashboard(clientsFor),
  };
}

function metricAlarm(clientsFor: ClientsFor): Resource {
  const find = async (id: string, context: Context, state: Props) =>
    (await clientsFor(context, state).cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [id] })))
      .MetricAlarms?.[0];
  return awsResource(
    clientsFor,
    { tagged: true },
    {
      autoName: { property: "name", maxLength: 255 },
      replaceOn: ["name", "region"],
      async create(inputs, context) {
        const name = inputs.name as string;
        const alarm = { ...alarmOf(name, inputs), Tags: tagList(inputs) };
        await clientsFor(context, inputs).cloudwatch.send(new PutMetricAlarmCommand(alarm));
        return { id: name, outputs: { ...inputs, arn: (await find(name, context, inputs))?.AlarmArn ?? "" } };
      },
      async read(id, state, context) {
        const found = await find(id, context, state);
        if (!found) return undefined;
        const query = new ListTagsForResourceCommand({ ResourceARN: found.AlarmArn });
        const { Tags } = await clientsFor(context, state).cloudwatch.send(query);
        return { ...state, threshold: found.Threshold, tags: fromTagList(Tags) } as Props;
      },
      async update(id, state, inputs, context) {
        const { cloudwatch } = clientsFor(context, inputs);
        await cloudwatch.send(new PutMetricAlarmCommand(alarmOf(id, inputs)));
        const ResourceARN = state.arn as string;
        await updateTags(state, inputs, {
          remove: (TagKeys) => cloudwatch.send(new UntagResourceCommand({ ResourceARN, TagKeys })),
          set: (tags) => cloudwatch.send(new TagResourceCommand({ ResourceARN, Tags: tagList({ tags }) })),
        });
        return { ...inputs, arn: state.arn };
      },
      async delete(id, state, context) {
        const query = new DeleteAlarmsCommand({ AlarmNames: [id] });
        await unlessGone(clientsFor(context, state).cloudwatch.send(query), "ResourceNotFound");
      },
    },
  );
}

/** Alarms on one metric with a plain statistic. */
function alarmOf(AlarmName: string, inputs: Props): PutMetricAlarmCommandInput {
  const dimensions = Object.entries((inputs.dimensions ?? {}) as Record<string, string>);
  return {
    AlarmName,
    AlarmDescription: inputs.alarmDescription as string | undefined,
    Namespace: inputs.namespace as string,
    MetricName: inputs.metricName as string,
    Dimensions: dimensions.map(([Name, Value]) => ({ Name, Value })),
    Statistic: inputs.statistic as Statistic,
    Period: inputs.period as number,
    EvaluationPeriods: inputs.evaluationPeriods as number,
    DatapointsToAlarm: inputs.datapointsToAlarm as number | undefined,
    Threshold: inputs.threshold as number,
    ComparisonOperator: inputs.comparisonOperator as ComparisonOperator,
    TreatMissingData: inputs.treatMissingData as string | undefined,
    AlarmActions: inputs.alarmActions as string[] | undefined,
    OKActions: inputs.okActions as string[] | undefined,
  };
}

function dashboard(clientsFor: ClientsFor): Resource {
  const put = (inputs: Props, context: Context) =>
    clientsFor(context, inputs).cloudwatch.send(
      new PutDashboardCommand({
        DashboardName: inputs.dashboardName as string,
        DashboardBody: inputs.dashboardBody as string,
      }),
    );
  return awsResource(
    clientsFor,
    { json: ["dashboardBody"] },
    {
      replaceOn: ["dashboardName", "region"],
      check: (inputs) => ({ inputs, failures: dashboardFailures(inputs) }),
      async create(inputs, context) {
        await put(inputs, context);
        return { id: inputs.dashboardName as string, outputs: inputs };
      },
      async read(id, state, context) {
        const query = new GetDashboardCommand({ DashboardName: id });
        const found = await unlessGone(clientsFor(context, state).cloudwatch.send(query), ...GONE);
        return found && state;
      },
      async update(_id, _state, inputs, context) {
        await put(inputs, context);
        return inputs;
      },
      async delete(id, state, context) {
        const query = new DeleteDashboardsCommand({ DashboardNames: [id] });
        await unlessGone(clientsFor(context, state).cloudwatch.send(query), ...GONE);
      },
    },
  );
}

/** By the query protocol's and by the JSON protocol's name. */
const GONE = ["ResourceNotFound", "DashboardNotFoundError"];
