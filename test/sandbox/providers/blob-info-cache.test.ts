import { expect } from "chai";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { blobInfoCacheRemover } from "../../../sandbox/providers/docker-build/blob-info-cache";

describe("buildah's cache outside of its storage", () => {
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

  it("goes with the folders that came with it, after each build", () => {
    const remove = blobInfoCacheRemover(file);
    for (const build of ["first", "second"]) {
      written();
      remove();
      expect(readdirSync(machine), build).to.deep.equal([]);
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

  it("is no error where nothing was built", () => {
    blobInfoCacheRemover(file)();
    expect(readdirSync(machine)).to.deep.equal([]);
  });
});
