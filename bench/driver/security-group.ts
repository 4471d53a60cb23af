/** Lets this machine reach the benchmark's tasks by SSH, which the stack's own group lets its hosts alone. */
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { awsEndpoint, network, region } from "../../sandbox/config";
import { credentials } from "./driver-job";

/** Its id, and what removes it once no task is a member. */
export async function openToThisMachine(): Promise<{ id: string; remove(): Promise<void> }> {
  const ec2 = new EC2Client({ endpoint: awsEndpoint, region, credentials });
  const GroupName = `bench-${process.pid}`;
  const { GroupId } = await ec2.send(new CreateSecurityGroupCommand({ GroupName, Description: "SSH from here" }));
  const IpRanges = [{ CidrIp: `${network.gateway}/32` }];
  const IpPermissions = [{ IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges }];
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  return {
    id: GroupId!,
    async remove() {
      await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
      ec2.destroy();
    },
  };
}
