import { expect } from "chai";
import { execa } from "execa";
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { changes, processesWith, writtenAtHome } from "./machine";
import { scratch } from "./scratch";

describe("what a sandbox leaves on the machine", () => {
  it("is what is there and was not, and what was there and is not", () => {
    const before = { addresses: ["lo 127.0.0.1/8"], mounts: ["/proc", "/mnt"] };
    const after = { addresses: ["lo 127.0.0.1/8", "gfr0 172.31.255.254/16"], mounts: ["/proc"] };
    expect(changes(before, after)).to.deep.equal([
      "addresses: there is gfr0 172.31.255.254/16",
      "mounts: gone is /mnt",
    ]);
    expect(changes(before, before)).to.deep.equal([]);
  });

  it("is what was written at home, and not what others have there", () => {
    const { dir, remove } = scratch();
    try {
      const make = (...names: string[]) =>
        names.forEach((name) => mkdirSync(path.join(dir, name), { recursive: true }));
      make("machine/.config", "machine/src", "upper/.config/tool", "upper/.ssh", "upper/src/project");
      for (const name of ["machine/.others", "upper/.config/known", "upper/.ssh/known_hosts"]) {
        writeFileSync(path.join(dir, name), "");
      }
      expect(writtenAtHome(dir)).to.have.members(["~/.ssh", "~/.ssh/known_hosts", "~/.config/known", "~/.config/tool"]);
    } finally {
      remove();
    }
  });

  it("may be a process, known by a variable that it inherited", async () => {
    const child = execa("sleep", ["60"], { env: { STARTED_BY: "machine.test" }, reject: false });
    try {
      expect(processesWith("STARTED_BY=machine.test")).to.deep.equal([`${child.pid}: sleep 60 `]);
    } finally {
      child.kill("SIGKILL");
      await child;
    }
    expect(processesWith("STARTED_BY=machine.test")).to.deep.equal([]);
  });
});
