/**
 * Whether IAM has room for a stack's policies, told before anything is registered: IAM itself would refuse them in the
 * middle of a deployment.
 */
import * as pulumi from "@pulumi/pulumi";
import { foreignImages } from "../settings/services";
import type { Settings } from "../settings/settings";
import { takeRole } from "./cache";
import { document, executionPolicy, partitionOf } from "./documents";
import { rightsOfHosts } from "./host-rights";
import { foreignAccess, readable } from "./images";

/**
 * Characters of all policies that a role has inline.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const room = 10_240;

/** Where the stack names none: no commercial region has a longer name. */
const longRegion = "ap-southeast-1";

/**
 * @param name of the component that the resources are named after
 * @param families of the stack's task definitions
 * @throws pulumi.RunError that names the settings to shorten
 */
export function checkRoom(name: string, settings: Settings, families: string[]): void {
  const region = new pulumi.Config("aws").get("region") ?? longRegion;
  const told = roomTrouble(name, settings, families, region);
  if (told.length > 0) throw new pulumi.RunError(told.join("\n"));
}

/** What there is no room for. Resources get names of the component's with seven random characters. */
export function roomTrouble(name: string, settings: Settings, families: string[], region: string): string[] {
  const partition = partitionOf(region);
  const made = (what: string) => `${name}${what}-0123456`;
  const arn = (service: string, resource: string) => `arn:${partition}:${service}:${region}:123456789012:${resource}`;
  const role = (what: string) => `arn:${partition}:iam::123456789012:role/${made(what)}`;
  const hosts = rightsOfHosts(settings, families, {
    cluster: arn("ecs", `cluster/${made("")}`),
    executionRole: role("-execution"),
    taskRole: role("-task"),
    log: arn("logs", `log-group:${made("-runner")}`),
    jobLog: arn("logs", `log-group:${made("-job")}`),
    cacheBucket: settings.cache.enabled
      ? `arn:${partition}:s3:::${settings.cache.bucket ?? made("-cache")}`
      : undefined,
  });
  const images = foreignImages(settings);
  const foreign = foreignAccess(images, settings.images.registries, partition);
  const repositories = readable(foreign);
  const transfer =
    settings.cache.enabled && settings.cache.multipart ? document(takeRole(role("-cache-transfer"))) : "";
  const execution = executionPolicy({
    logGroupArn: arn("logs", `log-group:${made("-job")}`),
    imageUri: settings.image.uri ?? `123456789012.dkr.ecr.${region}.amazonaws.com/${made("-job")}`,
    builtElsewhere: settings.image.uri !== undefined,
    ...foreign,
  });
  const roles = settings.entries.filter(({ taskRole }) => taskRole !== undefined).length;
  return [
    ...beyond(
      hosts.length + transfer.length,
      `sizes: the policies of the hosts' role would have`,
      `they name each of the ${families.length} sizes, ${images.length > 0 ? "four times as jobs may name images or services, " : ""}` +
        `each entry's role (${roles}), and each repository of ECR that jobs may name images of (${repositories.length}): ` +
        "take some out, or write fewer and wider patterns",
    ),
    ...beyond(
      execution.length,
      "images, services: the policy of the tasks' execution role would have",
      "it names each repository of ECR that jobs may name images or services of: write fewer and wider patterns",
    ),
  ];
}

const beyond = (length: number, what: string, wayOut: string): string[] =>
  length <= room ? [] : [`${what} ${length} characters, and IAM takes ${room} of a role; ${wayOut}`];
