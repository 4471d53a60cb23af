/**
 * What the real provider refuses in a preview already. Most of what AWS refuses it lets pass: that fails in the
 * deployment, by AWS's models (sandbox/aws/models).
 */
import ipaddr from "ipaddr.js";
import type { CheckFailure } from "../framework/definition";
import { UNKNOWN, type Props, type Value } from "../framework/values";

/** A rule names one source, and a network by its first address. */
export function ruleFailures(inputs: Props): CheckFailure[] {
  const sources = ["cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"];
  const given = sources.filter((name) => inputs[name] !== undefined);
  const exactlyOne = `Exactly one of these attributes must be configured: [${sources.join(",")}]`;
  return [
    ...(given.length === 1 ? [] : [{ property: "", reason: `Invalid Attribute Combination: ${exactlyOne}` }]),
    ...networkFailures("cidrIpv4", "IPv4", inputs.cidrIpv4),
    ...networkFailures("cidrIpv6", "IPv6", inputs.cidrIpv6),
  ];
}

function networkFailures(property: string, version: "IPv4" | "IPv6", value: Value | undefined): CheckFailure[] {
  if (value === undefined || value === UNKNOWN) return [];
  const wrong = whyNoNetwork(version, String(value));
  if (wrong === undefined) return [];
  return [{ property, reason: `value must be a valid ${version} CIDR that represents a network address: ${wrong}` }];
}

function whyNoNetwork(version: "IPv4" | "IPv6", cidr: string): string | undefined {
  const family = ipaddr[version];
  if (!family.isValidCIDR(cidr)) return `"${cidr}" is not a valid ${version} CIDR block`;
  const [address, prefix] = family.parseCIDR(cidr);
  const network = family.networkAddressFromCIDR(cidr).toString();
  if (address.toString() === network) return undefined;
  return `"${cidr}" is not a valid ${version} CIDR block; did you mean "${network}/${prefix}"?`;
}

/** In the real provider's words. */
export function dashboardFailures({ dashboardName: name }: Props): CheckFailure[] {
  if (typeof name !== "string" || name === UNKNOWN) return [];
  const pattern = /^[0-9A-Za-z_-]+$/;
  const reasons = [
    ...(name.length > 255 ? ['"dashboard_name" cannot be longer than 255 characters'] : []),
    ...(pattern.test(name)
      ? []
      : [`"dashboard_name" doesn't comply with restrictions ("${pattern.source}"): "${name}"`]),
  ];
  return reasons.map((reason) => ({ property: "dashboardName", reason }));
}
