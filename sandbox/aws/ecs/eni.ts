/** A task's elastic network interface: a record in moto, and a network namespace on the bridge. */
import { CreateNetworkInterfaceCommand, DeleteNetworkInterfaceCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { createNamespace, type NetworkNamespace } from "../../world/network";
import { isOnBridge, type AddressPool } from "../addresses";
import type { Firewall } from "../ec2/firewall";
import type { Subnets } from "../ec2/subnets";
import type { Eni, Task } from "./task";

/**
 * Gives a task an address of its subnet. No public one: nothing outside the machine is reachable from the sandbox.
 * @throws Error with ECS's words when the subnet has no free address
 */
export async function createEni(
  task: Task,
  {
    client,
    subnets,
    addresses,
    firewall,
  }: { client: EC2Client; subnets: Subnets; addresses: AddressPool; firewall: Firewall },
): Promise<{ eni: Eni; namespace: NetworkNamespace; remove(): Promise<void> }> {
  const subnet = await subnets.find(task.subnetId);
  const privateIp = addresses.allocate(subnet.cidr);
  const undo: (() => void | Promise<unknown>)[] = [() => addresses.release(privateIp)];
  const remove = async () => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    if (!isOnBridge(privateIp))
      throw new Error(`${privateIp}: the sandbox has tasks in the default VPC's subnets only`);
    const { NetworkInterface: record } = await client.send(
      new CreateNetworkInterfaceCommand({
        SubnetId: subnet.id,
        PrivateIpAddress: privateIp,
        Groups: task.securityGroups,
        Description: task.arn,
      }),
    );
    const networkInterfaceId = record!.NetworkInterfaceId!;
    undo.push(() => client.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: networkInterfaceId })));
    const namespace = await createNamespace(privateIp);
    undo.push(() => namespace.remove());
    undo.push(await firewall.join(namespace, privateIp, async () => task.securityGroups));
    return { eni: { networkInterfaceId, privateIp, macAddress: namespace.macAddress }, namespace, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
