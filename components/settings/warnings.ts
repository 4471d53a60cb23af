/** What is legal in the settings and hardly meant: told in each preview and deployment, and refused nowhere. */
import { validityWarnings } from "./certificates";
import { lists } from "./entry-path";
import { reached } from "./registry-reach";
import { allServices, defaultWait, foreignImages } from "./services";
import type { Settings } from "./settings";

/** Each with the setting's path. @param now when it is told */
export function warningsOf(settings: Settings, now = new Date()): string[] {
  return [
    ...noRunner(settings),
    ...limitsWithoutEffect(settings),
    ...boundsBelowDefault(settings),
    ...patternsOfNobody("images", settings),
    ...patternsOfNobody("services", settings),
    ...waitForNothing(settings),
    ...registriesOfNobody(settings),
    ...moreAddresses(settings),
    ...validityWarnings(settings.caCertificates, now),
  ];
}

function noRunner({ entries }: Settings): string[] {
  if (entries.length > 0) return [];
  return [`${lists.join(", ")}: no entry; no runner will exist, and no job can run`];
}

function limitsWithoutEffect({ entries, host }: Settings): string[] {
  return entries.flatMap((entry) => {
    const { limit, place } = entry;
    if (limit === undefined || limit <= host.concurrency) return [];
    return [`${place}.limit: ${limit} has no effect; a host runs ${host.concurrency} jobs at once (host.concurrency)`];
  });
}

function boundsBelowDefault({ sizes, maxSize }: Settings): string[] {
  return (["cpu", "memory", "ephemeralStorage"] as const).flatMap((key) => {
    const [bound, usual] = [maxSize[key], sizes.default[key]];
    if (bound === undefined || usual === undefined || bound >= usual) return [];
    return [`maxSize.${key}: ${bound} is less than the ${usual} of sizes.default; jobs may ask for less only`];
  });
}

function patternsOfNobody(what: "images" | "services", settings: Settings): string[] {
  const { entries } = settings;
  if (settings[what].allowed.length === 0 || entries.length === 0) return [];
  if (entries.some((entry) => entry[what] === undefined)) return [];
  return [`${what}.allowed: has no effect; each entry has ${what} of its own`];
}

function waitForNothing(settings: Settings): string[] {
  const { wait } = settings.services;
  if (wait === defaultWait || allServices(settings).length > 0) return [];
  return [`services.wait: ${wait} has no effect; no job may name services (services.allowed)`];
}

function registriesOfNobody(settings: Settings): string[] {
  const { registries } = settings.images;
  if (Object.keys(registries).length === 0) return [];
  const patterns = foreignImages(settings);
  if (patterns.length === 0) {
    return ["images.registries: has no effect; no job may name images or services (images.allowed, services.allowed)"];
  }
  const used = reached(registries, patterns);
  return Object.keys(registries)
    .filter((domain) => !(domain in used))
    .map(
      (domain) =>
        `images.registries["${domain}"]: has no effect; no pattern of images or services reaches this registry ` +
        "(images.allowed, services.allowed)",
    );
}

/** EC2's default quota of Elastic IP addresses in a region, L-0263D0A3. */
const addresses = 5;

function moreAddresses({ host, network }: Settings): string[] {
  if (!network.assignPublicIp || host.count < addresses) return [];
  return [
    `host.count: ${host.count} public hosts have an Elastic IP address each, and a replacement one more for a while; an ` +
      `account has ${addresses} in a region unless it asks for more (aws service-quotas request-service-quota-increase ` +
      `--service-code ec2 --quota-code L-0263D0A3 --desired-value ${host.count + addresses})`,
  ];
}
