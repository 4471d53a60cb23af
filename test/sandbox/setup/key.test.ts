import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { folderOf, keyOf, type Artifact } from "../../../sandbox/setup/artifact";
import { catalog } from "../../../sandbox/setup/catalog";

const artifact = (over: Partial<Artifact> = {}): Artifact => ({
  name: "thing",
  inputs: ["1.0"],
  build: () => Promise.resolve(),
  ...over,
});

describe("an artifact's key", () => {
  let folder: string;
  const recipe = (content: string) => {
    const file = path.join(folder, "recipe");
    writeFileSync(file, content);
    return file;
  };

  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), "key-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is the same for the same inputs", () => {
    expect(keyOf(artifact())).to.equal(keyOf(artifact()));
    expect(folderOf("/cache", artifact())).to.match(/^\/cache\/thing-[0-9a-f]{16}$/);
  });

  it("changes with the name, a version, a recipe's content and a need", () => {
    const plain = keyOf(artifact({ files: [recipe("a")], needs: [artifact()] }));
    const others = [
      artifact({ files: [recipe("a")], needs: [artifact()], name: "other" }),
      artifact({ files: [recipe("a")], needs: [artifact()], inputs: ["1.1"] }),
      artifact({ files: [recipe("a")], needs: [artifact({ inputs: ["2"] })] }),
      artifact({ files: [recipe("a")] }),
      artifact({ needs: [artifact()] }),
    ].map(keyOf);
    const changed = keyOf(artifact({ files: [recipe("b")], needs: [artifact()] }));
    expect(new Set([plain, changed, ...others]).size).to.equal(others.length + 2);
  });

  it("does not confuse where one input ends and the next begins", () => {
    expect(keyOf(artifact({ inputs: ["ab", "c"] }))).not.to.equal(keyOf(artifact({ inputs: ["a", "bc"] })));
  });

  it("takes a missing file for an empty one", () => {
    const missing = keyOf(artifact({ files: [path.join(folder, "recipe")] }));
    expect(missing).to.equal(keyOf(artifact({ files: [recipe("")] })));
  });
});

describe("the catalog", () => {
  it("has each name once, and every need", () => {
    expect(new Set(catalog.map(({ name }) => name)).size).to.equal(catalog.length);
    for (const { needs = [] } of catalog) expect(catalog).to.include.members(needs);
  });
});
