import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdtempSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { take } from "./go-test";

describe("the folder for the temporary files of Go's tests", () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = mkdtempSync(path.join(os.tmpdir(), "take-"));
    folder = path.join(parent, "go");
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  it("belongs to the run that makes it, for as long as that lives", () => {
    expect(take(folder)).to.equal(true);
    expect(take(folder)).to.equal(false);
  });

  it("is taken over, empty, from a run that was killed", () => {
    const { pid } = spawnSync("true");
    mkdirSync(folder);
    writeFileSync(path.join(folder, "owner"), String(pid));
    writeFileSync(path.join(folder, "left"), "");
    expect(take(folder)).to.equal(true);
    expect(readdirSync(folder)).to.deep.equal(["owner"]);
  });
});
