/** What administrators make in AWS for the tasks of one entry: a role and a security group, which lets nobody in. */
import {
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { CreateRoleCommand, DeleteRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { assumedBy } from "../../components/iam/documents";
import { administrator } from "./permissions";

const [ec2, iam] = [new EC2Client(administrator), new IAMClient(administrator)];

export interface OwnNetwork {
  taskRole: string;
  securityGroupId: string;
  /** One of the default VPC. */
  subnetId: string;
  remove(): Promise<void>;
}

export async function makeOwnNetwork(RoleName: string): Promise<OwnNetwork> {
  const AssumeRolePolicyDocument = assumedBy("ecs-tasks.amazonaws.com");
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  const { GroupId } = await ec2.send(new CreateSecurityGroupCommand({ GroupName: RoleName, Description: RoleName }));
  const { Subnets } = await ec2.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: "default-for-az", Values: ["true"] }] }),
  );
  return {
    taskRole: Role!.Arn!,
    securityGroupId: GroupId!,
    subnetId: Subnets!.at(-1)!.SubnetId!,
    async remove() {
      await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
      await iam.send(new DeleteRoleCommand({ RoleName }));
    },
  };
}

/** The subnet of an address, and descriptions of its security groups. */
export async function placeOf(address: string): Promise<{ subnetId: string; groups: string[] }> {
  const Filters = [{ Name: "private-ip-address", Values: [address] }];
  const { NetworkInterfaces } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  const [{ SubnetId = "", Groups = [] }] = NetworkInterfaces!;
  const GroupIds = Groups.map(({ GroupId }) => GroupId!);
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds }));
  return { subnetId: SubnetId, groups: SecurityGroups.map(({ Description }) => Description!) };
}

/** The id of the group with this description. */
export async function groupId(description: string): Promise<string> {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  return SecurityGroups.find(({ Description }) => Description === description)!.GroupId!;
}
