/**
 * The architecture of an EC2 instance type. A "g" among the letters after the generation's number is AWS's own
 * processor (t4g, c7gn, x2gd, im4gn); a1 was the first of them.
 *
 * @see https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
 */
export function instanceArchitecture(instanceType: string): "x86_64" | "arm64" {
  const [, family, attributes] = /^([a-z]+)\d+([a-z]*)/.exec(instanceType) ?? [];
  return attributes?.includes("g") || family === "a" ? "arm64" : "x86_64";
}

/**
 * Whether it has 1 GiB of memory or less, as the two smallest sizes have in every family that has them.
 *
 * @see https://docs.aws.amazon.com/ec2/latest/instancetypes/gp.html
 */
export const hasTooLittleMemory = (instanceType: string): boolean => /\.(nano|micro)$/.test(instanceType);
