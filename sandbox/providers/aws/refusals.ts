/**
 * What AWS refuses of texts. The real provider lets most of it pass a preview: `create` and `update` of a resource
 * refuse it, as the service would, and `check` only what the real provider checks.
 */
import ipaddr from "ipaddr.js";
import type { CheckFailure } from "../framework/definition";
import { UNKNOWN, type Props, type Value } from "../framework/values";

/** An error that reads like the AWS SDK's. */
class Refused extends Error {
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
  }
}

const ec2Text = /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{0,255}$/;
const ec2Set = "strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";

export function refuseGroup({ name, description }: Props): void {
  if (!ec2Text.test(name as string) || name === "" || (name as string).startsWith("sg-")) {
    throw new Refused(
      "InvalidParameterValue",
      `Invalid security group name. Valid names are non-empty ${ec2Set}, that do not begin with sg-`,
    );
  }
  refuseDescription("security group", description);
}

export const refuseRule = ({ description }: Props): void => refuseDescription("rule", description);

function refuseDescription(what: string, description: Value | undefined): void {
  if (ec2Text.test((description ?? "") as string)) return;
  throw new Refused("InvalidParameterValue", `Invalid ${what} description. Valid descriptions are ${ec2Set}`);
}

const tagText = "\\p{L}\\p{Z}\\p{N}_.:/=+\\-@";
const tagKey = new RegExp(`^[${tagText}]{1,128}$`, "u");
const tagValue = new RegExp(`^[${tagText}]{0,256}$`, "u");

/**
 * One rule for all services, in EC2's words and in those that the others share. EC2 alone would take other characters.
 *
 * @param ignoringCase IAM takes keys for the same that differ in upper and lower case
 */
export function refuseTags(tags: Readonly<Record<string, string>>, ignoringCase: boolean): void {
  const keys = Object.keys(tags);
  if (keys.length > 50) throw new Refused("TagLimitExceeded", "The maximum number of tags per resource is 50");
  if (keys.some((key) => /^aws:/i.test(key))) {
    throw new Refused("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use");
  }
  for (const [key, value] of Object.entries(tags)) {
    if (tagKey.test(key) && tagValue.test(value)) continue;
    const wrong = tagKey.test(key) ? value : key;
    throw new Refused(
      "InvalidParameterException",
      `1 validation error detected: Value '${wrong}' at 'tags' failed to satisfy constraint: Member must have length ` +
        `up to ${tagKey.test(key) ? 256 : 128} and satisfy regular expression pattern: [${tagText}]`,
    );
  }
  if (ignoringCase && new Set(keys.map((key) => key.toLowerCase())).size < keys.length) {
    throw new Refused("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  }
}

/** In a preview already: a rule names one source, and a network by its first address. */
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

/** In a preview already, in the real provider's words. */
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
