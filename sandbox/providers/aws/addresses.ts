/** Elastic IP addresses, and what they are given to. */
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  DescribeAddressesCommand,
  DisassociateAddressCommand,
  ReleaseAddressCommand,
  type Address,
  type DescribeAddressesCommandInput,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import type { Resource } from "../framework/definition";
import type { Props } from "../framework/values";
import { unlessGone, type ClientsFor } from "./clients";
import { awsResource, fromTagList } from "./common";
import { tagEc2, tagSpecification } from "./ec2-tags";

const GONE = ["InvalidAllocationID.NotFound", "InvalidAssociationID.NotFound"];

export function addressResources(clientsFor: ClientsFor): Record<string, Resource> {
  return { "aws:ec2/eip:Eip": eip(clientsFor), "aws:ec2/eipAssociation:EipAssociation": association(clientsFor) };
}

async function find(ec2: EC2Client, query: DescribeAddressesCommandInput): Promise<Address | undefined> {
  const found = await unlessGone(ec2.send(new DescribeAddressesCommand(query)), ...GONE);
  return found?.Addresses?.[0];
}

const byId = (id: string): DescribeAddressesCommandInput => ({ AllocationIds: [id] });
const byAssociation = (id: string) => ({ Filters: [{ Name: "association-id", Values: [id] }] });

function eip(clientsFor: ClientsFor): Resource {
  return awsResource(
    clientsFor,
    { tagged: true },
    {
      replaceOn: ([name]) => name !== "tags",
      async create(inputs, context) {
        const { ec2 } = clientsFor(context, inputs);
        const { AllocationId: id = "" } = await ec2.send(
          new AllocateAddressCommand({ Domain: "vpc", TagSpecifications: tagSpecification("elastic-ip", inputs) }),
        );
        return { id, outputs: { ...inputs, ...describe(await find(ec2, byId(id))) } };
      },
      async read(id, state, context) {
        const found = await find(clientsFor(context, state).ec2, byId(id));
        return found && { ...state, ...describe(found), tags: fromTagList(found.Tags) };
      },
      async update(id, state, inputs, context) {
        const { ec2 } = clientsFor(context, inputs);
        await tagEc2(ec2, id, state, inputs);
        return { ...inputs, ...describe(await find(ec2, byId(id))) };
      },
      async delete(id, state, context) {
        const { ec2 } = clientsFor(context, state);
        const found = await find(ec2, byId(id));
        if (!found) return;
        const { AssociationId } = found;
        if (AssociationId) await ec2.send(new DisassociateAddressCommand({ AssociationId }));
        await unlessGone(ec2.send(new ReleaseAddressCommand({ AllocationId: id })), ...GONE);
      },
    },
  );
}

function describe(found: Address | undefined): Props {
  return {
    allocationId: found?.AllocationId ?? "",
    associationId: found?.AssociationId ?? "",
    instance: found?.InstanceId ?? "",
    privateIp: found?.PrivateIpAddress ?? "",
    publicIp: found?.PublicIp ?? "",
  };
}

function association(clientsFor: ClientsFor): Resource {
  const outputs = (found: Address | undefined): Props => ({
    networkInterfaceId: found?.NetworkInterfaceId ?? "",
    privateIpAddress: found?.PrivateIpAddress ?? "",
    publicIp: found?.PublicIp ?? "",
  });
  return awsResource(
    clientsFor,
    {},
    {
      replaceOn: () => true,
      async create(inputs, context) {
        const { ec2 } = clientsFor(context, inputs);
        const { AssociationId: id = "" } = await ec2.send(
          new AssociateAddressCommand({
            AllocationId: inputs.allocationId as string,
            InstanceId: inputs.instanceId as string,
            // EC2's own default for addresses of a VPC.
            AllowReassociation: (inputs.allowReassociation as boolean | undefined) ?? true,
          }),
        );
        return { id, outputs: { ...inputs, ...outputs(await find(ec2, byAssociation(id))) } };
      },
      async read(id, state, context) {
        const found = await find(clientsFor(context, state).ec2, byAssociation(id));
        return (
          found && {
            ...state,
            ...outputs(found),
            allocationId: found.AllocationId ?? "",
            instanceId: found.InstanceId ?? "",
          }
        );
      },
      async delete(id, state, context) {
        const { ec2 } = clientsFor(context, state);
        await unlessGone(ec2.send(new DisassociateAddressCommand({ AssociationId: id })), ...GONE);
      },
    },
  );
}
