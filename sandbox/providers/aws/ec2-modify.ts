/** Changes of an EC2 instance that keep it. */
import {
  AssociateIamInstanceProfileCommand,
  DescribeIamInstanceProfileAssociationsCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DisassociateIamInstanceProfileCommand,
  ModifyInstanceAttributeCommand,
  ModifyInstanceMetadataOptionsCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  waitUntilInstanceRunning,
  waitUntilInstanceStopped,
  type EC2Client,
  type InstanceMetadataOptionsRequest,
} from "@aws-sdk/client-ec2";
import type { Props } from "../framework/values";
import { changed } from "./common";

/** Seconds. */
export const polling = { maxWaitTime: 600, minDelay: 1, maxDelay: 5 };

export function metadataOptions(inputs: Props): InstanceMetadataOptionsRequest | undefined {
  const options = inputs.metadataOptions as
    | { httpEndpoint?: string; httpTokens?: string; httpPutResponseHopLimit?: number; instanceMetadataTags?: string }
    | undefined;
  return (
    options &&
    ({
      HttpEndpoint: options.httpEndpoint,
      HttpTokens: options.httpTokens,
      HttpPutResponseHopLimit: options.httpPutResponseHopLimit,
      InstanceMetadataTags: options.instanceMetadataTags,
    } as InstanceMetadataOptionsRequest)
  );
}

/** Tags apart. A new type stops the instance, and so does new user data, as with the real provider. */
export async function modifyInstance(ec2: EC2Client, id: string, state: Props, inputs: Props): Promise<void> {
  const InstanceId = id;
  const modify = (attribute: object) => ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, ...attribute }));
  if (changed(state, inputs, "vpcSecurityGroupIds")) {
    const GroupIds = inputs.vpcSecurityGroupIds as string[];
    await refuseOtherNetworks(ec2, id, GroupIds);
    await modify({ Groups: GroupIds });
  }
  if (changed(state, inputs, "disableApiTermination")) {
    await modify({ DisableApiTermination: { Value: inputs.disableApiTermination === true } });
  }
  if (changed(state, inputs, "sourceDestCheck")) {
    await modify({ SourceDestCheck: { Value: inputs.sourceDestCheck !== false } });
  }
  if (changed(state, inputs, "metadataOptions")) {
    await ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, ...metadataOptions(inputs) }));
  }
  if (changed(state, inputs, "iamInstanceProfile")) await changeProfile(ec2, id, inputs.iamInstanceProfile as string);
  if (changed(state, inputs, "instanceType") || changed(state, inputs, "userData")) {
    await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    await waitUntilInstanceStopped({ client: ec2, ...polling }, { InstanceIds: [id] });
    if (changed(state, inputs, "instanceType")) await modify({ InstanceType: { Value: inputs.instanceType } });
    if (changed(state, inputs, "userData")) {
      await modify({ UserData: { Value: Buffer.from((inputs.userData ?? "") as string) } });
    }
    await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    await waitUntilInstanceRunning({ client: ec2, ...polling }, { InstanceIds: [id] });
  }
}

/** As EC2 does, and the emulated one does not. */
async function refuseOtherNetworks(ec2: EC2Client, id: string, GroupIds: string[]): Promise<void> {
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const vpc = Reservations?.[0]?.Instances?.[0]?.VpcId;
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds }));
  const stranger = SecurityGroups.find(({ VpcId }) => VpcId !== vpc);
  if (stranger) {
    throw new Error(
      `InvalidParameter: security group ${stranger.GroupId} and instance ${id} are in different networks`,
    );
  }
}

async function changeProfile(ec2: EC2Client, InstanceId: string, name: string | undefined): Promise<void> {
  const { IamInstanceProfileAssociations = [] } = await ec2.send(
    new DescribeIamInstanceProfileAssociationsCommand({ Filters: [{ Name: "instance-id", Values: [InstanceId] }] }),
  );
  for (const { AssociationId } of IamInstanceProfileAssociations) {
    await ec2.send(new DisassociateIamInstanceProfileCommand({ AssociationId }));
  }
  if (name) await ec2.send(new AssociateIamInstanceProfileCommand({ InstanceId, IamInstanceProfile: { Name: name } }));
}
