/** Elastic IP addresses, where moto would not do as EC2 does. */
import { DescribeAddressesCommand, DisassociateAddressCommand, type EC2Client } from "@aws-sdk/client-ec2";
import type { Ec2Step } from "../front";
import { AwsError } from "../protocol";

/** Of an account in a region, which moto does not count (EC2-VPC Elastic IPs, L-0263D0A3). */
const quota = 5;

export class ElasticAddresses {
  private allocated = 0;

  constructor(private readonly ec2: EC2Client) {}

  /**
   * One for documentation (RFC 5737), which nobody has: moto would give one of this machine's own, 127.x.y.z.
   *
   * @throws AwsError beyond the quota
   */
  async allocate(form: URLSearchParams): Promise<Ec2Step> {
    const { Addresses = [] } = await this.ec2.send(new DescribeAddressesCommand({}));
    if (Addresses.length >= quota) {
      throw new AwsError("AddressLimitExceeded", "The maximum number of addresses has been reached.", 400);
    }
    const changed = new URLSearchParams(form);
    if (!form.has("Address")) changed.set("Address", `198.51.100.${1 + (this.allocated++ % 254)}`);
    return { form: changed, answered: async () => {} };
  }

  /** They outlive the instance that has them; moto leaves them to it. */
  async takeFrom(instanceId: string): Promise<void> {
    const Filters = [{ Name: "instance-id", Values: [instanceId] }];
    const { Addresses = [] } = await this.ec2.send(new DescribeAddressesCommand({ Filters }));
    for (const { AssociationId } of Addresses) await this.ec2.send(new DisassociateAddressCommand({ AssociationId }));
  }
}
