/** npm's scripts by sudo: root has the sandbox in folders of root's, and the person's files stay the person's. */
import { expect } from "chai";
import { execa } from "execa";
import { chmodSync, cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";
import { scratch } from "../support/scratch";

const uid = 54321;

describe("npm's scripts by sudo", () => {
  const folder = scratch();
  const home = path.join(folder.dir, "home");
  const clone = path.join(home, "clone");
  const bin = path.join(folder.dir, "bin");

  before("a person with an account and a clone", async () => {
    for (const dir of [path.join(clone, "node_modules/.bin"), bin]) mkdirSync(dir, { recursive: true });
    cpSync(path.join(projectDir, "scripts"), path.join(clone, "scripts"), { recursive: true });
    const packages = { "node_modules/a": { version: "1.0.0", integrity: "sha512-a" } };
    writeFileSync(path.join(clone, "package.json"), JSON.stringify({ engines: { node: ">=22" } }));
    writeFileSync(path.join(clone, "package-lock.json"), JSON.stringify({ packages }));
    writeFileSync(
      path.join(clone, "tool.js"),
      `const { XDG_CACHE_HOME: cache = "-", GOPATH: go = "-" } = process.env;
      console.log(process.getuid(), require("os").homedir(), cache, go);
      require("fs").writeFileSync(${JSON.stringify(path.join(clone, "left-by-root"))}, "");`,
    );
    writeFileSync(
      path.join(clone, "node_modules/.bin/tool"),
      `require(${JSON.stringify(path.join(clone, "tool.js"))})`,
    );
    const npm = `echo "$(id -u) $(id -G) $HOME $npm_config_cache" >${home}/npm-ran\nrm -r node_modules/old`;
    writeFileSync(path.join(bin, "npm"), `#!/bin/sh\n${npm}\n`);
    await execa("chown", ["-R", `${uid}:${uid}`, home]);
    for (const dir of [folder.dir, bin, home]) chmodSync(dir, 0o755);
    chmodSync(path.join(bin, "npm"), 0o755);
    // In this namespace alone.
    const accounts = path.join(folder.dir, "passwd");
    writeFileSync(accounts, `${readFileSync("/etc/passwd", "utf8")}somebody:x:${uid}:${uid}::${home}:/bin/sh\n`);
    await execa("mount", ["--bind", accounts, "/etc/passwd"]);
  });
  after(async () => {
    await execa("umount", ["/etc/passwd"]);
    folder.remove();
  });

  const run = (env: NodeJS.ProcessEnv) =>
    execa(process.execPath, [path.join(clone, "scripts/run.mjs"), "tool"], {
      env: { PATH: `${bin}:${process.env.PATH}`, npm_config_cache: "/root/.npm", ...env },
      extendEnv: false,
    });
  /** Whatever lies in the person's home and is not the person's. */
  const notTheirs = () =>
    (readdirSync(home, { recursive: true }) as string[]).filter((file) => lstatSync(path.join(home, file)).uid !== uid);

  for (const [how, env] of Object.entries({
    sudo: { HOME: userInfo().homedir, SUDO_UID: String(uid) },
    "sudo -E": { HOME: home, SUDO_UID: String(uid), XDG_CACHE_HOME: path.join(home, ".cache"), GOPATH: "/srv/go" },
    su: { HOME: userInfo().homedir },
  })) {
    it(`install as the person, and leave nothing of root's: ${how}`, async () => {
      // What an earlier run left that was killed.
      mkdirSync(path.join(clone, "node_modules/old"));
      writeFileSync(path.join(clone, "node_modules/old/file"), "");
      const { stdout } = await run(env);
      expect(stdout).to.equal(`0 ${userInfo().homedir} - ${"GOPATH" in env ? env.GOPATH : "-"}`);
      expect(readFileSync(path.join(home, "npm-ran"), "utf8")).to.equal(`${uid} ${uid} ${home} \n`);
      expect(notTheirs()).to.deep.equal([]);
    });
  }
});
