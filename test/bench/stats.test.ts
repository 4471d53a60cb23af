import { expect } from "chai";
import fc from "fast-check";
import { median, quantile, ratios, summarize } from "../../bench/lib/stats";

const numbers = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 });

describe("statistics of measurements", () => {
  it("take the middle value, or the middle of the middle two, in whatever order they come", () => {
    expect(median([7])).to.equal(7);
    expect(median([10, 1, 3])).to.equal(3);
    expect(median([4, 1, 3, 100])).to.equal(3.5);
  });

  it("interpolate between neighbours", () => {
    // R's type 7, as in numpy and spreadsheets: numpy.quantile([1, 2, 3, 4], [.25, .75]) is [1.75, 3.25].
    expect(quantile([1, 2, 3, 4], 0.25)).to.equal(1.75);
    expect(quantile([1, 2, 3, 4], 0.75)).to.equal(3.25);
  });

  it("leave the values as they are", () => {
    const values = [3, 1, 2];
    summarize(values);
    expect(values).to.deep.equal([3, 1, 2]);
  });

  it("keep minimum, quartiles, median and maximum in order, whatever the values", () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const { n, min, q1, median: middle, q3, max } = summarize(values);
        expect(n).to.equal(values.length);
        expect(min).to.equal(Math.min(...values));
        expect(max).to.equal(Math.max(...values));
        const slack = 1e-6;
        expect(q1).to.be.within(min - slack, middle + slack);
        expect(q3).to.be.within(middle - slack, max + slack);
      }),
    );
  });

  it("are not moved by one outlier", () => {
    expect(median([1, 1, 1, 1, 1e6])).to.equal(1);
  });

  it("refuse no values, and what is no number", () => {
    expect(() => median([])).to.throw(RangeError, "no values");
    expect(() => median([1, NaN])).to.throw(RangeError, "not all finite: 1, NaN");
  });

  it("compare round by round, so that a slow round cancels out", () => {
    expect(ratios([10, 200, 30], [5, 100, 15])).to.deep.equal([2, 2, 2]);
  });

  it("refuse a comparison with other rounds or with nothing", () => {
    expect(() => ratios([1, 2], [1])).to.throw(RangeError, "2 values against 1 of the baseline");
    expect(() => ratios([1, 2], [1, 0])).to.throw(RangeError, "the baseline's value of round 2 is 0");
  });
});
