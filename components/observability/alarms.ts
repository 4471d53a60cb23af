import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as sns from "@pulumi/aws/sns";
import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../types";
import { hostAlarms, stackAlarms, type AlarmDefinition, type AlarmThresholds } from "./alarm-definitions";

export interface AlarmsArgs {
  readonly thresholds: AlarmThresholds;
  /**
   * Who is told. The address has to confirm it once.
   * @default nobody, until somebody subscribes to the topic
   */
  readonly email?: pulumi.Input<string>;
  readonly hosts: readonly { readonly name: string; readonly instanceId: pulumi.Input<string> }[];
  /** What puts the metrics. Before it is there no heartbeat comes in, which is an alarm. */
  readonly needs: readonly pulumi.Resource[];
  /**
   * ARN of the KMS key that encrypts the topic. Its policy has to let CloudWatch use it.
   * @default none
   */
  readonly kmsKeyArn?: pulumi.Input<string>;
  readonly tags: Tags;
}

/** Alarms on hosts and tasks, and the topic that they are sent to. */
export class Alarms extends pulumi.ComponentResource {
  readonly topic: sns.Topic;
  readonly arns: readonly pulumi.Output<string>[];

  constructor(name: string, args: AlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:Alarms", name, {}, opts);
    // Without a key of one's own it is unencrypted: CloudWatch may not use the key that SNS has for everybody, and an
    // alarm's text is no secret.
    const topic = new sns.Topic(name, { kmsMasterKeyId: args.kmsKeyArn, tags: args.tags }, { parent: this });
    if (args.email !== undefined) {
      const subscription = { topic: topic.arn, protocol: "email", endpoint: args.email };
      new sns.TopicSubscription(name, subscription, { parent: this });
    }
    const alarms = [...alarmsOfStack(name, args), ...args.hosts.flatMap((host) => alarmsOfHost(host, args))].map(
      ([alarmName, definition]) => {
        const actions = { alarmActions: [topic.arn], okActions: [topic.arn] };
        const alarm = { ...definition, ...actions, tags: args.tags };
        return new cloudwatch.MetricAlarm(alarmName, alarm, { parent: this, dependsOn: [...args.needs] });
      },
    );
    this.topic = topic;
    this.arns = alarms.map(({ arn }) => arn);
    this.registerOutputs({ topic: this.topic.arn });
  }
}

type NamedAlarm = [name: string, alarm: AlarmDefinition & Pick<cloudwatch.MetricAlarmArgs, "dimensions">];

function alarmsOfStack(name: string, { thresholds }: AlarmsArgs): NamedAlarm[] {
  const dimensions = { Stack: pulumi.getStack() };
  return Object.entries(stackAlarms(thresholds)).map(([key, definition]): NamedAlarm => [
    `${name}-${key}`,
    { ...definition, dimensions },
  ]);
}

function alarmsOfHost({ name, instanceId }: AlarmsArgs["hosts"][number], { thresholds }: AlarmsArgs): NamedAlarm[] {
  const own = { Stack: pulumi.getStack(), Host: instanceId };
  return Object.entries(hostAlarms(thresholds)).map(([key, definition]): NamedAlarm => {
    const dimensions = definition.namespace === "AWS/EC2" ? { InstanceId: instanceId } : own;
    return [`${name}-${key}`, { ...definition, dimensions }];
  });
}
