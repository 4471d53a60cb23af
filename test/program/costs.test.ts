import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { format } from "prettier";
import { atRest, taskMinute } from "../../automation/costs";
import { pages, stackOf, withTables } from "../../scripts/costs";

describe("costs", () => {
  it("of a task follow its size, architecture and disk", () => {
    // 0.04048 + 2 × 0.004445 dollars an hour.
    expect(taskMinute({ cpu: 1024, memory: 2048 }, "x86_64") * 60).to.be.closeTo(0.04937, 1e-9);
    expect(taskMinute({ cpu: 1024, memory: 2048 }, "arm64") * 60).to.be.closeTo(0.0395, 1e-9);
    const disk = taskMinute({ cpu: 256, memory: 512, ephemeralStorage: 120 }, "x86_64");
    expect((disk - taskMinute({ cpu: 256, memory: 512 }, "x86_64")) * 60).to.be.closeTo(0.0111, 1e-9);
    expect(taskMinute({ cpu: 256, memory: 512, ephemeralStorage: 21 }, "x86_64")).to.be.greaterThan(
      taskMinute({ cpu: 256, memory: 512, ephemeralStorage: 20 }, "x86_64"),
    );
  });

  it("of a stack at rest are its hosts, addresses and what watches it", () => {
    const small = { hosts: 1, instanceType: "t4g.small", publicAddresses: true, alarms: false, dashboard: false };
    expect(atRest(small)).to.deep.equal({
      instances: 0.0168 * 730,
      addresses: 0.005 * 730,
      metrics: 0,
      alarms: 0,
      dashboard: 0,
    });
    const watched = atRest({ ...small, hosts: 2, publicAddresses: false, alarms: true, dashboard: true });
    expect(watched.addresses).to.equal(0);
    expect(watched.metrics).to.be.closeTo(13 * 0.3, 1e-9);
    expect(watched.alarms).to.be.closeTo(12 * 0.1, 1e-9);
    expect(watched.dashboard).to.equal(3);
    expect(() => atRest({ ...small, instanceType: "x1.big" })).to.throw("automation/prices.ts has no price of x1.big");
  });

  it("are those of the stacks' files", () => {
    expect(stackOf("Pulumi.dev.yaml")).to.deep.include({
      instanceType: "t4g.small",
      publicAddresses: true,
      alarms: false,
    });
    expect(stackOf("Pulumi.prod.yaml")).to.deep.include({ publicAddresses: false, alarms: true, dashboard: true });
  });

  for (const [file, names] of Object.entries(pages)) {
    it(`in ${path.basename(file)} are these: otherwise \`npx tsx scripts/costs.ts\` and \`npm run format\``, async () => {
      const page = readFileSync(file, "utf8");
      expect(names).to.not.deep.equal([]);
      expect(await format(withTables(page, names), { parser: "markdown", printWidth: 120 })).to.equal(page);
    });
  }

  it("have a place in a page, or are refused", () => {
    expect(() => withTables("no marks", ["rest"])).to.throw("there is no place for rest");
  });
});
