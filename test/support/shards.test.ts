import { expect } from "chai";
import { endToEndFiles, shards } from "./shards";

describe("shards", () => {
  it("share the files, the longest first, and keep their order", () => {
    const seconds = { a: 10, b: 100, c: 60, d: 40, e: 15 };
    expect(shards(["a", "b", "c", "d", "e"], 2, seconds)).to.deep.equal([
      ["b", "e"],
      ["a", "c", "d"],
    ]);
  });

  it("hold each file of the end-to-end tests once, however many they are", () => {
    const files = endToEndFiles();
    expect(files).to.include.members(["test/e2e/01-lifecycle.test.ts", "test/sandbox/aws/parts.e2e.ts"]);
    for (const count of [1, 2, 3]) {
      const all = shards(files, count);
      expect(all).to.have.length(count);
      expect(all.flat().sort()).to.deep.equal(files);
    }
  });
});
