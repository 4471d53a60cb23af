import * as path from "node:path";
import { expect } from "chai";
import { folders, forEngine, root } from "../../components/project";

describe("folders of the project", () => {
  it("are relative to it where the program runs in it, so that the state does not tell where it is", () => {
    expect(forEngine(folders.driver, root)).to.equal("driver");
    expect(forEngine(folders.image, root)).to.equal("image");
    expect(forEngine(path.join(root, ".driver", "1", "driver"), root)).to.equal(".driver/1/driver");
    expect(forEngine(root, root)).to.equal(".");
  });

  it("are absolute where the program runs elsewhere, as the engine may run in yet another folder", () => {
    for (const elsewhere of [path.join(root, "test"), path.dirname(root), "/"]) {
      expect(forEngine(folders.driver, elsewhere)).to.equal(folders.driver);
    }
  });
});
