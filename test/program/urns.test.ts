import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import type { Registered } from "./support/deploy";
import { run } from "./support/program";
import { raw } from "./support/settings";

/**
 * Type, name and parent of each resource: what a URN is made of. One that is named otherwise is deleted and created
 * again in each stack that is deployed already; where that is meant, the list changes, and where it is not, an alias
 * is missing.
 */
const list = path.join(__dirname, "urns.txt");

/** A setting for every resource that there can be. */
const everything = raw({
  groups: ["acme/backend", { id: 42, network: { securityGroupIds: ["sg-2"] } }],
  projects: ["acme/api"],
  instanceRunners: ["shared"],
  sizes: { large: { cpu: 4096, memory: 16384 } },
  host: { count: 2, adminCidrs: ["203.0.113.0/24", "2001:db8::/32"] },
  metrics: { allowedCidrs: ["10.1.0.0/16"], allowedSecurityGroupIds: ["sg-1"] },
  alarms: { email: "ci@example.com" },
  cache: { multipart: true },
  dashboard: true,
  debug: { ecsExec: true },
});

const parentOf = ({ parent }: Registered) => (parent === "" ? "" : ` in ${parent.split("::").slice(-2).join(" ")}`);

/** The same, with its entries as maps. */
const inMaps = {
  ...everything,
  groups: { "acme/backend": {}, "42": { network: { securityGroupIds: ["sg-2"] } } },
  projects: { "acme/api": {} },
  instanceRunners: { shared: {} },
};

describe("URNs", () => {
  for (const [what, settings] of [
    ["lists", everything],
    ["maps", inMaps],
  ] as const) {
    it(`are those of the stacks that are deployed already, with entries in ${what}`, async () => {
      const { resources, errors } = await run(settings);
      expect(errors).to.deep.equal([]);
      const urns = resources.map((resource) => `${resource.type} ${resource.name}${parentOf(resource)}`).sort();
      expect(urns).to.deep.equal(fs.readFileSync(list, "utf8").trimEnd().split("\n"));
    });
  }
});
