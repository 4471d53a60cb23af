/** Changes of a stack's settings that both providers plan: of every kind that reaches AWS. */
import { accountId, region } from "../../sandbox/config";
import { sha256 } from "../program/support/settings";
import type { Change } from "./stack";

const kmsKeyArn = `arn:aws:kms:${region}:${accountId}:key/11111111-2222-3333-4444-555555555555`;

/** What the stack of the comparison is beside Pulumi.sandbox.yaml: hosts have public, fixed addresses. */
export const base: Change = { "host.connection.address": undefined };

/** By name, on the base. */
export const changes: Record<string, Change> = {
  nothing: {},
  "tags: one more": { "tags.team": "ci" },
  "the provider's default tags": { "aws:defaultTags": { tags: { team: "ci" } } },
  "host.count: 2": { "host.count": 2 },
  "host.instanceType: larger": { "host.instanceType": "t3.medium" },
  "host.instanceType: another family": { "host.instanceType": "m5.large" },
  "host.architecture: arm64": { "host.architecture": "arm64" },
  "architecture: arm64": { architecture: "arm64", "host.runner.helperSha256": sha256 },
  "host.amiId": { "host.amiId": "ami-0123456789abcdef0" },
  "host.adminCidrs: one more": { "host.adminCidrs": ["172.31.0.0/16", "203.0.113.0/24", "2001:db8::/32"] },
  "host.adminCidrs: another": { "host.adminCidrs": ["203.0.113.0/24"] },
  "host.connection.address: private": { "host.connection.address": "private" },
  "host keys: generated": { "host.publicKey": undefined, "host.privateKey": undefined },
  "network.assignPublicIp: false": { "network.assignPublicIp": false },
  "logs.retentionDays: 14": { "logs.retentionDays": 14 },
  "logs.kmsKeyId": { "logs.kmsKeyId": kmsKeyArn },
  kmsKeyArn: { kmsKeyArn },
  permissionsBoundary: { permissionsBoundary: `arn:aws:iam::${accountId}:policy/boundary` },
  "cache.enabled: false": { "cache.enabled": false },
  "cache.expiryDays: 7": { "cache.expiryDays": 7 },
  "cache.bucket: one's own": { "cache.bucket": "builds-of-the-company" },
  "sizes: one more": { "sizes.large": { cpu: 4096, memory: 16384 } },
  "sizes.default: larger": { "sizes.default": { cpu: 2048, memory: 8192 } },
  "sizes.default.ephemeralStorage": { "sizes.default": { cpu: 1024, memory: 2048, ephemeralStorage: 50 } },
  "spot: prefer": { spot: "prefer" },
  "spot: only": { spot: "only" },
  "image.uri: one's own": { "image.uri": `${accountId}.dkr.ecr.${region}.amazonaws.com/jobs:1` },
  "image.packages": { "image.packages": ["jq"] },
  "image.revision": { "image.revision": "2" },
  "alarms: none": { alarms: undefined },
  "alarms.email: none": { alarms: {} },
  "alarms.email: another": { "alarms.email": "operations@example.com" },
  "alarms: bounds": { "alarms.diskPercent": 70, "alarms.heartbeatMinutes": 10, "alarms.taskAgeMinutes": 120 },
  "dashboard: false": { dashboard: false },
  "metrics: networks and groups": {
    "metrics.allowedCidrs": ["10.1.0.0/16"],
    "metrics.allowedSecurityGroupIds": ["sg-0123456789abcdef0"],
  },
  "debug.ecsExec: true": { "debug.ecsExec": true },
  "protect: true": { protect: true },
  "groups: one more": { groups: ["acme/backend", "acme/data"] },
};

/** Everything that can be there at once, deployed in one go: what is changed in place and what comes new. */
export const everything: Change = {
  ...changes["tags: one more"],
  ...changes["host.count: 2"],
  ...changes["host.instanceType: larger"],
  ...changes["host.adminCidrs: one more"],
  ...changes["logs.retentionDays: 14"],
  ...changes["cache.expiryDays: 7"],
  ...changes["sizes: one more"],
  ...changes["sizes.default: larger"],
  ...changes["spot: prefer"],
  ...changes["alarms: bounds"],
  ...changes["metrics: networks and groups"],
  ...changes["debug.ecsExec: true"],
};

/** Back from there. */
export const returns: Record<string, Change> = {
  "everything, again": everything,
  "tags: one less": { ...everything, "tags.team": undefined },
  "host.count: 1": { ...everything, "host.count": 1 },
  "metrics: none": {
    ...everything,
    "metrics.allowedCidrs": undefined,
    "metrics.allowedSecurityGroupIds": undefined,
  },
  "the base, again": {},
};
