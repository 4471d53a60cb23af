import * as path from "node:path";
import * as os from "node:os";
import { writeFileSync } from "node:fs";
import { expect } from "chai";
import { userSettings } from "../../../sandbox/setup/artifacts/go-toolchain";
import { scratch } from "../../support/scratch";

describe("where Go's distribution comes from", () => {
  const folder = scratch();
  const file = path.join(folder.dir, "env");
  after(() => folder.remove());

  it("is what a go command would take: its defaults", () => {
    expect(userSettings({})).to.deep.equal({
      file: path.join(os.homedir(), ".config", "go", "env"),
      download: `file://${path.join(os.homedir(), "go", "pkg", "mod", "cache", "download")}`,
      proxy: "https://proxy.golang.org,direct",
    });
  });

  it("is what a user has set for the go command, in the environment or by go env -w", () => {
    writeFileSync(file, "GOPATH=/data/go:/more\nGOPROXY=https://go.example.com|https://b.example.com,direct\n");
    expect(userSettings({ GOENV: file })).to.deep.equal({
      file,
      download: "file:///data/go/pkg/mod/cache/download",
      proxy: "https://go.example.com|https://b.example.com,direct",
    });
    expect(userSettings({ GOENV: file, GOPROXY: "off", GOMODCACHE: "/mod" })).to.deep.equal({
      file,
      download: "file:///mod/cache/download",
      proxy: "off",
    });
  });
});
