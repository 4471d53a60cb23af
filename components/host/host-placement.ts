export interface Subnet<Id = string> {
  readonly id: Id;
  /** Availability zone. */
  readonly zone: string;
}

/**
 * The subnets of `count` hosts: zones take turns in the order in which they come up, and within a zone its subnets. One
 * more host leaves the others where they are.
 *
 * @param subnets at least one
 */
export function placeHosts<Id>(count: number, subnets: readonly Subnet<Id>[]): Id[] {
  const names = [...new Set(subnets.map(({ zone }) => zone))];
  const zones = names.map((name) => subnets.filter(({ zone }) => zone === name));
  return Array.from({ length: count }, (_, index) => {
    const zone = zones[index % zones.length];
    return zone[Math.floor(index / zones.length) % zone.length].id;
  });
}
