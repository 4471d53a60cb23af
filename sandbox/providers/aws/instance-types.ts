/** What EC2 tells of instance types. */
import {
  DescribeInstanceTypesCommand,
  type ArchitectureType,
  type EC2Client,
  type _InstanceType,
} from "@aws-sdk/client-ec2";

/** Whether an instance of one type can become one of the other: its image runs on both. */
export async function sameArchitecture(ec2: EC2Client, one: string, other: string): Promise<boolean> {
  const [of, ofOther] = [await architectures(ec2, one), await architectures(ec2, other)];
  return of.some((architecture) => ofOther.includes(architecture));
}

async function architectures(ec2: EC2Client, type: string): Promise<ArchitectureType[]> {
  const query = new DescribeInstanceTypesCommand({ InstanceTypes: [type as _InstanceType] });
  const { InstanceTypes } = await ec2.send(query);
  return InstanceTypes?.[0]?.ProcessorInfo?.SupportedArchitectures ?? [];
}
