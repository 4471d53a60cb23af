import * as path from "node:path";
import * as os from "node:os";
import { writeFileSync } from "node:fs";
import { expect } from "chai";
import { moduleSources } from "../../../sandbox/setup/artifacts/go-toolchain";
import { scratch } from "../../support/scratch";

describe("where Go's distribution comes from", () => {
  const folder = scratch();
  const file = path.join(folder.dir, "env");
  after(() => folder.remove());

  it("is what a go command would take: its defaults", () => {
    expect(moduleSources({ GOENV: "off" })).to.deep.equal({
      folder: path.join(os.homedir(), "go", "pkg", "mod"),
      proxies: ["https://proxy.golang.org"],
    });
  });

  it("is what a user has set for the go command, in the environment or by go env -w", () => {
    writeFileSync(file, "GOPATH=/data/go:/more\nGOPROXY=https://go.example.com|https://b.example.com,direct\n");
    expect(moduleSources({ GOENV: file })).to.deep.equal({
      folder: "/data/go/pkg/mod",
      proxies: ["https://go.example.com", "https://b.example.com"],
    });
    expect(moduleSources({ GOENV: file, GOPROXY: "off", GOMODCACHE: "/mod" })).to.deep.equal({
      folder: "/mod",
      proxies: [],
    });
  });
});
