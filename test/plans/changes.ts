/**
 * Changes of a stack's settings that both providers plan: of every kind that reaches AWS. Those that concern different
 * resources are planned together, as a preview takes seconds.
 */
import { accountId, region } from "../../sandbox/config";
import { sha256 } from "../program/support/settings";
import type { Change } from "./stack";

const kmsKeyArn = `arn:aws:kms:${region}:${accountId}:key/11111111-2222-3333-4444-555555555555`;

/** What the stack is beside Pulumi.sandbox.yaml: hosts have public, fixed addresses. */
export const base: Change = { "host.connection.address": undefined };

/** By name, those that are planned together in a list. */
export const changes: Record<string, Change>[] = [
  { "tags: one more": { "tags.team": "ci" } },
  { "the provider's default tags": { "aws:defaultTags": { tags: { team: "ci" } } } },
  {
    "architecture: arm64": { architecture: "arm64", "host.runner.helperSha256": sha256 },
    "cache.enabled: false": { "cache.enabled": false },
    "alarms.email: none": { "alarms.email": undefined },
    "host.adminCidrs: another": { "host.adminCidrs": ["203.0.113.0/24"] },
    "spot: only": { spot: "only" },
  },
  {
    "host.architecture: arm64": { "host.architecture": "arm64" },
    "alarms.email: another": { "alarms.email": "operations@example.com" },
    "image.uri: one's own": { image: { uri: `${accountId}.dkr.ecr.${region}.amazonaws.com/jobs:1` } },
    "metrics: a group": { "metrics.allowedSecurityGroupIds": ["sg-0123456789abcdef0"] },
  },
  {
    "host.amiId: another": { "host.amiId": "ami-0123456789abcdef0" },
    "cache.bucket: one's own": { "cache.bucket": "builds-of-the-company" },
    "dashboard: false": { dashboard: false },
    "sizes.default: more disk": { "sizes.default": { cpu: 1024, memory: 2048, ephemeralStorage: 50 } },
    "logs.kmsKeyId": { "logs.kmsKeyId": kmsKeyArn },
    "image.packages": { "image.packages": ["jq"] },
  },
  {
    "host.instanceType: another family": { "host.instanceType": "m5.large" },
    "alarms: none": { alarms: undefined },
    "image.revision": { "image.revision": "2" },
    "groups: another": { groups: ["acme/data"] },
    "protect: true": { protect: true },
  },
  {
    kmsKeyArn: { kmsKeyArn },
    permissionsBoundary: { permissionsBoundary: `arn:aws:iam::${accountId}:policy/b` },
    "cache.expiryDays: 7": { "cache.expiryDays": 7 },
  },
  { "host keys: generated": { "host.publicKey": undefined, "host.privateKey": undefined } },
  { "host.connection.address: private": { "host.connection.address": "private" } },
  { "network.assignPublicIp: false": { "network.assignPublicIp": false } },
];

/** What is deployed then, in one go: what is changed in place, and what comes new. */
export const more: Record<string, Change> = {
  "host.count: 2": { "host.count": 2 },
  "host.instanceType: larger": { "host.instanceType": "t3.medium" },
  "host.adminCidrs: one more": { "host.adminCidrs": ["172.31.0.0/16", "203.0.113.0/24", "2001:db8::/32"] },
  "logs.retentionDays: 14": { "logs.retentionDays": 14 },
  "sizes: one more": { "sizes.large": { cpu: 4096, memory: 16384 } },
  "sizes.default: larger": { "sizes.default": { cpu: 2048, memory: 8192 } },
  "spot: prefer": { spot: "prefer" },
  "alarms: bounds": { "alarms.diskPercent": 70, "alarms.heartbeatMinutes": 10, "alarms.taskAgeMinutes": 120 },
  "metrics: a network": { "metrics.allowedCidrs": ["10.1.0.0/16"] },
  "debug.ecsExec: true": { "debug.ecsExec": true },
  "tags: another": { "tags.team": "ci" },
};
/** Later ones go before earlier ones. */
export const together = (named: Record<string, Change>): Change => Object.assign({}, ...Object.values(named)) as Change;

/** On what is deployed then. */
export const returns: Record<string, Change>[] = [
  {
    "tags: one less": { "tags.team": undefined },
    "host.count: 1": { "host.count": undefined },
    "metrics: none": { metrics: undefined },
    "sizes: one less": { "sizes.large": undefined },
  },
  { "all back": { ...undone(together(more)), "host.adminCidrs": ["172.31.0.0/16"], spot: "never" } },
];

function undone(change: Change): Change {
  return Object.fromEntries(Object.keys(change).map((path) => [path, undefined]));
}
