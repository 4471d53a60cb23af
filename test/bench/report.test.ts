import { expect } from "chai";
import { against, figure, measurementTable, plainly } from "../../bench/lib/report";

describe("a benchmark's report", () => {
  it("takes the ratio from the rounds, not from the medians", () => {
    const { baseline } = against("run", "ms", [10, 40, 90], { name: "ssh", values: [10, 20, 30] });
    expect(baseline!.value.median).to.equal(20);
    expect(baseline!.ratio).to.deep.equal({ n: 3, median: 2, q1: 1.5, q3: 2.5, min: 1, max: 3 });
  });

  it("shows three digits that count, and whole numbers whole", () => {
    const shown = [0, 3, 1234, 1234.5, 99.94, 12.345, 1.2345, 0.12345, 0.0012345].map(figure);
    expect(shown).to.deep.equal(["0", "3", "1234", "1235", "99.9", "12.3", "1.23", "0.123", "0.001"]);
  });

  it("lines up what is compared and what is not", () => {
    const text = measurementTable([
      against("run, time", "ms", [100, 110, 130], { name: "plain ssh", values: [50, 50, 50] }),
      plainly("StopTask per job", "calls", [1, 1, 1]),
    ]);
    expect(text.split("\n")).to.deep.equal([
      "                  median   quartiles  ratio  quartiles    baseline   median  n",
      "run, time         110 ms   105 – 120  2.20×  2.10 – 2.40  plain ssh  50 ms   3",
      "StopTask per job  1 calls                                                    3",
    ]);
  });
});
