/** Whether there is a place for tasks in a network: their subnets and security groups, of one VPC. */
import { DescribeSecurityGroupsCommand, type EC2Client } from "@aws-sdk/client-ec2";
import type { Subnets } from "../ec2/subnets";
import { AwsError } from "../protocol";

const invalid = (message: string) => new AwsError("InvalidParameterException", message);

/** @returns the subnets' zones @throws AwsError in ECS's words */
export async function zonesOf(
  subnetIds: string[],
  groupIds: string[],
  { client, subnets }: { client: Pick<EC2Client, "send">; subnets: Subnets },
): Promise<string[]> {
  const found = await Promise.all(
    subnetIds.map((id) =>
      subnets.find(id).catch(({ code, message }: AwsError) => {
        throw invalid(`Error retrieving subnet information for [${id}]: ${message} (ErrorCode: ${code})`);
      }),
    ),
  );
  const groups = groupIds.length === 0 ? [] : await groupsOf(client, groupIds);
  const vpcs = new Set(found.map(({ vpcId }) => vpcId));
  for (const id of groupIds) {
    const group = groups.find(({ GroupId }) => GroupId === id);
    if (group === undefined) {
      const why = `The security group '${id}' does not exist (ErrorCode: InvalidGroup.NotFound)`;
      throw invalid(`Error retrieving security group information for [${id}]: ${why}`);
    }
    if (vpcs.size === 1 && vpcs.has(group.VpcId!)) continue;
    throw invalid(`Security group ${id} does not appear to belong to the same VPC as the input subnets.`);
  }
  return found.map(({ availabilityZone }) => availabilityZone);
}

async function groupsOf(client: Pick<EC2Client, "send">, ids: string[]) {
  const Filters = [{ Name: "group-id", Values: ids }];
  return (await client.send(new DescribeSecurityGroupsCommand({ Filters }))).SecurityGroups ?? [];
}
