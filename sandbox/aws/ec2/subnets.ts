/** The subnets of the control plane. Their ranges never change, so each is asked for once. */
import { DescribeSubnetsCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { AwsError } from "../protocol";

interface Subnet {
  id: string;
  cidr: string;
  availabilityZone: string;
  vpcId: string;
}

export interface Subnets {
  /** A subnet by id, or a default one. @throws AwsError when there is none */
  find(id: string | undefined): Promise<Subnet>;
}

export function createSubnets(client: EC2Client): Subnets {
  const known = new Map<string, Subnet>();
  return {
    async find(id) {
      if (id && known.has(id)) return known.get(id)!;
      const { Subnets = [] } = await client.send(
        new DescribeSubnetsCommand({
          Filters: [id ? { Name: "subnet-id", Values: [id] } : { Name: "default-for-az", Values: ["true"] }],
        }),
      );
      const [found] = Subnets;
      if (!found) throw new AwsError("InvalidSubnetID.NotFound", `The subnet ID '${id ?? "default"}' does not exist`);
      const { SubnetId = "", CidrBlock = "", AvailabilityZone = "", VpcId = "" } = found;
      const subnet = { id: SubnetId, cidr: CidrBlock, availabilityZone: AvailabilityZone, vpcId: VpcId };
      known.set(subnet.id, subnet);
      return subnet;
    },
  };
}
