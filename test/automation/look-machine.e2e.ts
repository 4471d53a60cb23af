/** What the look reads of Linux: file systems, and whether root may start a program in namespaces. */
import { expect } from "chai";
import { execa } from "execa";
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";
import { thisMachine, whatIsMissing } from "../../scripts/look.mjs";
import { scratch } from "../support/scratch";

describe("the look at this machine", () => {
  const folder = scratch();
  after(() => folder.remove());

  it("finds the file system of a folder that is there, or will be", async () => {
    const { fileSystemOf } = thisMachine();
    const place = path.join(folder.dir, "a b");
    mkdirSync(place);
    await execa("mount", ["-t", "tmpfs", "-o", "noexec,size=1M", "tmpfs", place]);
    try {
      writeFileSync(path.join(place, "file"), "");
      for (const below of [place, path.join(place, "to/be/made")]) {
        const { target, type, options, free } = fileSystemOf(below);
        expect({ target, type, free }).to.deep.equal({ target: place, type: "tmpfs", free: 1024 ** 2 });
        expect(options).to.include("noexec");
      }
      expect(fileSystemOf(`${place}-not`).target).to.not.equal(place);
    } finally {
      await execa("umount", [place]);
    }
  });

  /** What an expression of the look's gives where a command starts the program. */
  async function under(command: string, expression: string): Promise<unknown> {
    const look = path.join(projectDir, "scripts/look.mjs");
    const program = `import("${look}").then((look) => console.log(JSON.stringify(look.${expression})))`;
    const { stdout } = await execa("sh", ["-euc", `${command} "$0" --eval "$1"`, process.execPath, program]);
    return JSON.parse(stdout);
  }

  it("finds nothing missing where the sandbox runs", () => {
    expect(whatIsMissing()).to.deep.equal([]);
  });

  it("sees root without the right to mount or to make namespaces", async () => {
    const said = await under("setpriv --bounding-set -sys_admin --inh-caps -sys_admin", "whatIsMissing()");
    expect(said).to.have.length(1);
    expect((said as string[])[0]).to.contain("lacks CAP_SYS_ADMIN");
  });

  it("sees root of a user namespace", async () => {
    expect(await under("unshare --user --map-root-user", "whatIsMissing()[0]")).to.contain("user namespace");
  });

  it("repeats what the kernel says that makes no namespaces", async () => {
    const none = "echo 0 >/proc/sys/user/max_net_namespaces";
    const limited = `unshare --user --map-root-user sh -c '${none}; exec "$0" "$@"'`;
    const said = await under(limited, "thisMachine().tryNamespaces()");
    expect(said).to.contain("unshare failed: No space left on device");
    expect(thisMachine().tryNamespaces()).to.equal(undefined);
  });
});
