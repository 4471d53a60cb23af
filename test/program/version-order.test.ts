import { expect } from "chai";
import { isOlder } from "../../components/settings/version-order";

describe("the order of versions", () => {
  it("is that of their numbers", () => {
    const older = ["16.11.4", "17.8.3", "v17.8.3", "17", "17.8"];
    const newer = ["17.9.0", "17.9", "17.10.0", "v17.9.1", "18.0.0", "19.4.0", "100.0.0"];
    expect(older.filter((version) => !isOlder(version, "17.9.0"))).to.deep.equal([]);
    expect(newer.filter((version) => isOlder(version, "17.9.0"))).to.deep.equal([]);
  });

  it("leaves out what is no version", () => {
    expect(["latest", "", "main"].filter((version) => isOlder(version, "17.9.0"))).to.deep.equal([]);
  });
});
