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
