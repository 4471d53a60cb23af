/** Networks in CIDR notation as AWS takes them: with their first address, in the notation that AWS has for it. */
import ipaddr from "ipaddr.js";
import { z } from "zod";

/** A network, such as the example. */
export const cidr = (example: string) =>
  z
    .union([z.cidrv4(), z.cidrv6()], { error: ({ input }) => noCidr(input, example) })
    .superRefine((text, context) => {
      const message = whyRefused(text);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .meta({ type: "network" });

function noCidr(input: unknown, example: string): string {
  const notation = `not a network in CIDR notation, like "${example}"`;
  if (typeof input !== "string" || !ipaddr.isValid(input)) return notation;
  return `${notation}; this one address is ${input}/${ipaddr.parse(input).kind() === "ipv4" ? 32 : 128}`;
}

/** Why AWS would refuse what is in CIDR notation, or write it otherwise. */
function whyRefused(text: string): string | undefined {
  const [address, prefix] = ipaddr.parseCIDR(text);
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()) {
    return `${text} is an IPv4 network that is written as IPv6; write it as IPv4`;
  }
  const family = address.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
  const network = family.networkAddressFromCIDR(text);
  const [one, all] = [written(address), written(network)];
  if (one !== all) {
    const whole = address.kind() === "ipv4" ? 32 : 128;
    return `${text} has host bits; the network is ${all}/${prefix}, the one address ${one}/${whole}`;
  }
  return text === `${all}/${prefix}` ? undefined : `AWS writes ${text} as ${all}/${prefix}; write it so too`;
}

const written = (address: ipaddr.IPv4 | ipaddr.IPv6): string =>
  address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();

/** Whether a network is more than anybody has, and a good part of the internet. False for what is no network. */
export function isWide(text: unknown): boolean {
  if (typeof text !== "string" || !ipaddr.isValidCIDR(text)) return false;
  const [address, prefix] = ipaddr.parseCIDR(text);
  return prefix < (address.kind() === "ipv4" ? 8 : 16);
}

/** What a network that {@link isWide} would be opened to, in words. */
export const wideOpen = (text: string): string =>
  text.endsWith("/0") ? "the whole internet" : "a large part of the internet (a prefix below /8, or /16 of IPv6)";
