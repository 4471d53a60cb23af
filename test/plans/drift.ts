/** What people change by hand in an account, for a refresh to find. */
import { PutRetentionPolicyCommand, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateTagsCommand, DescribeInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import type { World } from "./world";

/** A log group keeps longer, the first host has another tag, the last is gone. */
export async function drift({ ec2, logs }: World): Promise<void> {
  const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({}));
  const [{ logGroupName }] = logGroups;
  await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 90 }));
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  const hosts = Reservations.flatMap(({ Instances = [] }) => Instances);
  const named = (name: string) => hosts.find(({ Tags }) => Tags?.some(({ Value }) => Value === name))!.InstanceId!;
  await ec2.send(
    new CreateTagsCommand({
      Resources: [named("gitlab-runners-host-sandbox")],
      Tags: [{ Key: "by-hand", Value: "yes" }],
    }),
  );
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [named("gitlab-runners-host-2-sandbox")] }));
}
