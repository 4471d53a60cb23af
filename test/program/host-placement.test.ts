import { expect } from "chai";
import fc from "fast-check";
import { placeHosts, type Subnet } from "../../components/host/host-placement";

const subnets = fc
  .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 8 })
  .map((zones) => zones.map((zone, index): Subnet => ({ id: `subnet-${index}`, zone })));
const count = fc.integer({ min: 1, max: 20 });

describe("hosts", () => {
  it("begin in the first subnet and take zones by turns, and a zone's subnets", () => {
    const list = [
      { id: "a1", zone: "a" },
      { id: "a2", zone: "a" },
      { id: "b1", zone: "b" },
    ];
    expect(placeHosts(6, list)).to.deep.equal(["a1", "b1", "a2", "b1", "a1", "b1"]);
  });

  it("are spread evenly over the zones, however many subnets each has", () => {
    fc.assert(
      fc.property(count, subnets, (n, list) => {
        const placed = placeHosts(n, list).map((id) => list.find((subnet) => subnet.id === id)!.zone);
        const zones = [...new Set(list.map(({ zone }) => zone))];
        const each = zones.map((zone) => placed.filter((one) => one === zone).length);
        expect(placed).to.have.length(n);
        expect(Math.max(...each) - Math.min(...each)).to.be.lessThanOrEqual(1);
      }),
    );
  });

  it("stay where they are when one more comes", () => {
    fc.assert(
      fc.property(count, subnets, (n, list) => {
        expect(placeHosts(n + 1, list).slice(0, n)).to.deep.equal(placeHosts(n, list));
      }),
    );
  });
});
