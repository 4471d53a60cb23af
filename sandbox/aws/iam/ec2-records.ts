/** What moto has of the resources that calls of EC2 name. */
import { DescribeAddressesCommand, DescribeKeyPairsCommand, DescribeTagsCommand } from "@aws-sdk/client-ec2";
import { GetInstanceProfileCommand } from "@aws-sdk/client-iam";
import type { Moto } from "../moto";
import type { Ec2Records, Tags } from "./ec2-permissions";

export function createEc2Records({ ec2, iam }: Pick<Moto, "ec2" | "iam">): Ec2Records {
  const tagsOf = (list: { Key?: string; Value?: string }[] = []): Tags =>
    Object.fromEntries(list.map(({ Key = "", Value = "" }) => [Key, Value]));
  return {
    async tags(id) {
      if (id.startsWith("eipassoc-")) {
        const Filters = [{ Name: "association-id", Values: [id] }];
        const { Addresses = [] } = await ec2.send(new DescribeAddressesCommand({ Filters }));
        return tagsOf(Addresses[0]?.Tags);
      }
      const Filters = [{ Name: "resource-id", Values: [id] }];
      return tagsOf((await ec2.send(new DescribeTagsCommand({ Filters }))).Tags);
    },
    async keyPair(name) {
      const Filters = [{ Name: "key-name", Values: [name] }];
      const { KeyPairs = [] } = await ec2.send(new DescribeKeyPairsCommand({ Filters }));
      return tagsOf(KeyPairs[0]?.Tags);
    },
    // One that is not there yet has no role to hand on; EC2 says what is wrong with it.
    async roleOf(InstanceProfileName) {
      const found = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName })).catch(() => undefined);
      return found?.InstanceProfile?.Roles?.[0]?.Arn ?? "arn:aws:iam:::role/none";
    },
  };
}
