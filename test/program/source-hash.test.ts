import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { sourceHash } from "../../components/source-hash";

describe("the hash of the driver's sources", () => {
  let folder: string;
  const write = (file: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), text);
  };
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "source-hash-"));
    write("go.mod", "module m");
    write("cmd/main.go", "package main");
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it("depends on contents and names", () => {
    const before = sourceHash(folder);
    write("cmd/main.go", "package main // changed");
    const changed = sourceHash(folder);
    fs.renameSync(path.join(folder, "cmd/main.go"), path.join(folder, "cmd/other.go"));
    expect(new Set([before, changed, sourceHash(folder)])).to.have.length(3);
  });

  it("does not depend on tests, modules within, times or the folder's place", () => {
    const before = sourceHash(folder);
    write("cmd/main_test.go", "package main");
    write("cmd/testdata/big.json", "{}");
    write("tools/go.mod", "module tools");
    write("tools/tools.go", "package tools");
    fs.utimesSync(path.join(folder, "go.mod"), 1, 1);
    const moved = `${folder}-moved`;
    fs.renameSync(folder, moved);
    folder = moved;
    expect(sourceHash(folder))
      .to.equal(before)
      .and.match(/^[0-9a-f]{16}$/);
  });
});
