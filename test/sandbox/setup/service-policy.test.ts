import { once } from "node:events";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { holdingServicesBack, holdsServicesBack } from "../../../sandbox/setup/service-policy";

describe("the policy that starts no services", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "policy-"));
    file = path.join(folder, "policy-rc.d");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is there while packages are installed, and gone afterwards, also where that fails", async () => {
    const install = async () => {
      expect(holdsServicesBack(file)).to.equal(true);
      expect((await execa(file, ["ssh", "start"], { reject: false })).exitCode).to.equal(101);
      throw new Error("no space left");
    };
    const error = await holdingServicesBack(install, file).then(
      () => expect.fail("it succeeded"),
      (reason: Error) => reason,
    );
    expect(error.message).to.equal("no space left");
    expect(existsSync(file)).to.equal(false);
  });

  it("goes with the next installation where one was killed", async () => {
    const module = require.resolve("../../../sandbox/setup/service-policy");
    const program = `
      const { holdingServicesBack } = require(${JSON.stringify(module)});
      const install = () => new Promise(() => { console.log("installing"); setInterval(() => {}, 1000); });
      void holdingServicesBack(install, ${JSON.stringify(file)});`;
    const child = spawn(process.execPath, ["--require", "tsx/cjs", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(holdsServicesBack(file), "it is left").to.equal(true);

    let held = false;
    await holdingServicesBack(async () => void (held = holdsServicesBack(file)), file);
    expect(held).to.equal(true);
    expect(existsSync(file)).to.equal(false);
  });

  it("of the machine itself is left as it is", async () => {
    const own = "#!/bin/sh\nexit 101\n";
    writeFileSync(file, own);
    let seen = "";
    await holdingServicesBack(async () => void (seen = readFileSync(file, "utf8")), file);
    expect(seen).to.equal(own);
    expect(holdsServicesBack(file)).to.equal(false);
    expect(readFileSync(file, "utf8")).to.equal(own);
  });
});
