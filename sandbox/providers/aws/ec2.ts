/** EC2 instances. */
import {
  DescribeInstancesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceRunning,
  waitUntilInstanceTerminated,
  type EC2Client,
  type Instance,
  type RunInstancesCommandInput,
  type VolumeType,
  type _InstanceType,
} from "@aws-sdk/client-ec2";
import { accountId } from "../../config";
import { PartialFailure, type Resource } from "../framework/definition";
import type { Path, Props } from "../framework/values";
import { unlessGone, type ClientsFor } from "./clients";
import { awsResource, changed, fromTagList } from "./common";
import { metadataOptions, modifyInstance, polling } from "./ec2-modify";
import { tagEc2, tagSpecification } from "./ec2-tags";
import { sameArchitecture } from "./instance-types";
import { modifyRootVolume, tagRootVolume } from "./root-volume";

const GONE = ["InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"];

export function ec2Resources(clientsFor: ClientsFor): Record<string, Resource> {
  return { "aws:ec2/instance:Instance": instance(clientsFor) };
}

/** These are changed on a running instance (its type on a stopped one); everything else needs a new one. */
const changeable: Path[0][] = [
  "disableApiTermination",
  "iamInstanceProfile",
  "instanceType",
  "metadataOptions",
  "publicDns",
  "publicIp",
  "sourceDestCheck",
  "tags",
  "userData",
  "userDataReplaceOnChange",
  "vpcSecurityGroupIds",
];
/** Of the root volume. */
const changeableOfVolume: Path[0][] = ["deleteOnTermination", "iops", "tags", "throughput", "volumeSize", "volumeType"];

/** As the real provider plans it: it asks EC2 for the architectures of both instance types. */
async function needsNewInstance([name, inside]: Path, inputs: Props, state: Props, ec2: EC2Client): Promise<boolean> {
  if (name === "userData") return inputs.userDataReplaceOnChange === true;
  if (name === "rootBlockDevice") return inside !== undefined && !changeableOfVolume.includes(inside);
  if (name !== "instanceType") return !changeable.includes(name);
  return !(await sameArchitecture(ec2, state.instanceType as string, inputs.instanceType as string));
}

/** An instance that is stopped for a change comes up with another public address. */
function newAddress(state: Props, inputs: Props): string[] {
  const has = (state.publicIp ?? "") !== "";
  return has && changed(state, inputs, "instanceType") ? ["publicDns", "publicIp"] : [];
}

function instance(clientsFor: ClientsFor): Resource {
  return awsResource(
    clientsFor,
    { tagged: true },
    {
      replaceOn: (path, inputs, state, context) =>
        needsNewInstance(path, inputs, state, clientsFor(context, inputs).ec2),
      diff: newAddress,
      changedByUpdate: newAddress,
      async create(inputs, context) {
        const { ec2, region } = clientsFor(context, inputs);
        const { Instances } = await ec2.send(new RunInstancesCommand(launch(inputs)));
        const id = Instances?.[0]?.InstanceId ?? "";
        try {
          await waitUntilInstanceRunning(
            { client: ec2, ...polling, abortSignal: context.signal },
            { InstanceIds: [id] },
          );
          const found = await find(ec2, id);
          await tagRootVolume(ec2, found, {}, inputs);
          return { id, outputs: { ...inputs, ...describe(found, region) } };
        } catch (cause) {
          const outputs = { ...inputs, ...describe(Instances?.[0], region) };
          throw new PartialFailure(`instance ${id} was started but did not come to run`, id, outputs, { cause });
        }
      },
      async read(id, state, context) {
        const { ec2, region } = clientsFor(context, state);
        const found = await find(ec2, id);
        if (!found || found.State?.Name === "terminated") return undefined;
        const live = {
          instanceType: found.InstanceType ?? "",
          tags: fromTagList(found.Tags),
        };
        return { ...state, ...describe(found, region), ...live };
      },
      async update(id, state, inputs, context) {
        const { ec2, region } = clientsFor(context, inputs);
        await modifyInstance(ec2, id, state, inputs);
        await tagEc2(ec2, id, state, inputs);
        const found = await find(ec2, id);
        await modifyRootVolume(ec2, found, state, inputs);
        return { ...inputs, ...describe(found, region) };
      },
      async delete(id, state, context) {
        const { ec2 } = clientsFor(context, state);
        const InstanceIds = [id];
        if (!(await unlessGone(ec2.send(new TerminateInstancesCommand({ InstanceIds })), ...GONE))) return;
        await waitUntilInstanceTerminated({ client: ec2, ...polling, abortSignal: context.signal }, { InstanceIds });
      },
    },
  );
}

function launch(inputs: Props): RunInstancesCommandInput {
  const root = inputs.rootBlockDevice as
    | {
        volumeType?: VolumeType;
        volumeSize?: number;
        encrypted?: boolean;
        kmsKeyId?: string;
        deleteOnTermination?: boolean;
      }
    | undefined;
  const groups = inputs.vpcSecurityGroupIds as string[] | undefined;
  const SubnetId = inputs.subnetId as string | undefined;
  const publicAddress = inputs.associatePublicIpAddress as boolean | undefined;
  return {
    MinCount: 1,
    MaxCount: 1,
    ImageId: inputs.ami as string,
    InstanceType: inputs.instanceType as _InstanceType,
    KeyName: inputs.keyName as string | undefined,
    // Whether there is a public address can be said only of a network interface.
    ...(publicAddress === undefined
      ? { SubnetId, SecurityGroupIds: groups }
      : {
          NetworkInterfaces: [
            {
              DeviceIndex: 0,
              SubnetId,
              Groups: groups,
              AssociatePublicIpAddress: publicAddress,
              DeleteOnTermination: true,
            },
          ],
        }),
    IamInstanceProfile: inputs.iamInstanceProfile ? { Name: inputs.iamInstanceProfile as string } : undefined,
    UserData: inputs.userData ? Buffer.from(inputs.userData as string).toString("base64") : undefined,
    MetadataOptions: metadataOptions(inputs),
    DisableApiTermination: inputs.disableApiTermination as boolean | undefined,
    BlockDeviceMappings: root && [
      {
        DeviceName: "/dev/xvda",
        Ebs: {
          VolumeType: root.volumeType,
          VolumeSize: root.volumeSize,
          Encrypted: root.encrypted,
          KmsKeyId: root.kmsKeyId,
          DeleteOnTermination: root.deleteOnTermination ?? true,
        },
      },
    ],
    TagSpecifications: tagSpecification("instance", inputs),
  };
}

async function find(ec2: EC2Client, id: string): Promise<Instance | undefined> {
  const found = await unlessGone(ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] })), ...GONE);
  return found?.Reservations?.[0]?.Instances?.[0];
}

/** What AWS alone decides. */
function describe(found: Instance | undefined, region: string): Props {
  const owner = found?.NetworkInterfaces?.[0]?.OwnerId ?? accountId;
  return {
    arn: `arn:aws:ec2:${region}:${owner}:instance/${found?.InstanceId ?? ""}`,
    // Whoever gave it the address, and none while it is stopped, unless the address is its own.
    associatePublicIpAddress: (found?.PublicIpAddress ?? "") !== "",
    availabilityZone: found?.Placement?.AvailabilityZone ?? "",
    instanceState: found?.State?.Name ?? "pending",
    primaryNetworkInterfaceId: found?.NetworkInterfaces?.[0]?.NetworkInterfaceId ?? "",
    privateDns: found?.PrivateDnsName ?? "",
    privateIp: found?.PrivateIpAddress ?? "",
    publicDns: found?.PublicDnsName ?? "",
    publicIp: found?.PublicIpAddress ?? "",
    subnetId: found?.SubnetId ?? "",
  };
}
