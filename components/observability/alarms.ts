import * as cloudwatch from "@pulumi/aws/cloudwatch";
import type { MetricAlarmArgs } from "@pulumi/aws/cloudwatch";
import * as sns from "@pulumi/aws/sns";
import * as pulumi from "@pulumi/pulumi";
import { hostAlarms, stackAlarms, type AlarmDefinition, type AlarmThresholds } from "./alarm-definitions";

export interface AlarmsArgs {
  thresholds: AlarmThresholds;
  /** Who is told; the address has to confirm it once. */
  email?: string;
  hosts: readonly { name: string; instanceId: pulumi.Input<string> }[];
  /** What puts the metrics: before that there is no heartbeat, which is an alarm. */
  needs: pulumi.Resource[];
  tags: Record<string, string>;
}

/** Alarms of hosts and tasks, and the topic that they tell. */
export class Alarms extends pulumi.ComponentResource {
  readonly topic: sns.Topic;
  readonly arns: pulumi.Output<string>[] = [];

  constructor(
    name: string,
    private readonly args: AlarmsArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gitlab-fargate-runners:index:Alarms", name, {}, opts);
    // Unencrypted: CloudWatch may not use the key that SNS has for everybody, and an alarm's text is no secret.
    this.topic = new sns.Topic(name, { tags: args.tags }, { parent: this });
    if (args.email !== undefined) {
      new sns.TopicSubscription(
        name,
        { topic: this.topic.arn, protocol: "email", endpoint: args.email },
        { parent: this },
      );
    }
    const Stack = pulumi.getStack();
    for (const [key, definition] of Object.entries(stackAlarms(args.thresholds))) {
      this.alarm(`${name}-${key}`, definition, { Stack });
    }
    for (const host of args.hosts) {
      for (const [key, definition] of Object.entries(hostAlarms(args.thresholds))) {
        const own = { Stack, Host: host.instanceId };
        const dimensions = definition.namespace === "AWS/EC2" ? { InstanceId: host.instanceId } : own;
        this.alarm(`${host.name}-${key}`, definition, dimensions);
      }
    }
    this.registerOutputs({ topic: this.topic.arn });
  }

  private alarm(name: string, definition: AlarmDefinition, dimensions: MetricAlarmArgs["dimensions"]): void {
    const told = [this.topic.arn];
    const alarm = new cloudwatch.MetricAlarm(
      name,
      { ...definition, dimensions, alarmActions: told, okActions: told, tags: this.args.tags },
      { parent: this, dependsOn: this.args.needs },
    );
    this.arns.push(alarm.arn);
  }
}
