import { expect } from "chai";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { blobInfoCacheRemover } from "../../../sandbox/world/blob-info-cache";

describe("the cache that buildah and skopeo share", () => {
  let machine: string;
  let folder: string;
  let file: string;

  beforeEach(() => {
    machine = mkdtempSync(path.join(os.tmpdir(), "blob-info-cache-"));
    folder = path.join(machine, "containers", "cache");
    file = path.join(folder, "info.boltdb");
  });

  afterEach(() => rmSync(machine, { recursive: true, force: true }));

  const written = () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, "");
  };

  it("goes with the folders that came with it, each time", () => {
    const remove = blobInfoCacheRemover(file);
    for (const time of ["first", "second"]) {
      written();
      remove();
      expect(readdirSync(machine), time).to.deep.equal([]);
    }
  });

  it("stays where the machine had one", () => {
    written();
    blobInfoCacheRemover(file)();
    expect(existsSync(file)).to.equal(true);
  });

  it("leaves folders that were there, and what others have put beside it", () => {
    mkdirSync(path.dirname(folder));
    const remove = blobInfoCacheRemover(file);
    written();
    writeFileSync(path.join(folder, "another"), "");
    remove();
    expect(readdirSync(folder)).to.deep.equal(["another"]);
    rmSync(path.join(folder, "another"));
    remove();
    expect(readdirSync(machine)).to.deep.equal(["containers"]);
    expect(readdirSync(path.dirname(folder))).to.deep.equal([]);
  });

  it("is no error where nothing was made", () => {
    blobInfoCacheRemover(file)();
    expect(readdirSync(machine)).to.deep.equal([]);
  });
});
