/** Programs of the cache in the machine's place, on a machine that has few of its own. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { prepareTools } from "../../../sandbox/setup";
import { inNamespaces, withTools } from "../../../sandbox/world/namespaces";
import { readMounts } from "../../../sandbox/world/mounts";
import { withFewPrograms } from "../../support/few-programs";
import { scratch } from "../../support/scratch";

describe("the programs of the cache", () => {
  const folder = scratch();
  after(() => folder.remove());
  let tools: string;
  before(async () => (tools = await prepareTools({ onProgress: () => {} })));

  /** What a shell says there. */
  async function there(script: string, command = withTools): Promise<string> {
    const { stdout } = await execa(withFewPrograms, command(tools, ["sh", "-euc", script]), { cwd: folder.dir });
    return stdout;
  }

  it("are there, with what they need, and nobody can change them", async () => {
    const found = await there("for name in ip git python3 mmdebstrap; do command -v $name; done");
    expect(found.split("\n")).to.deep.equal([
      "/usr/sbin/ip",
      "/usr/bin/git",
      "/usr/bin/python3",
      "/usr/bin/mmdebstrap",
    ]);
    expect(
      await there("python3 -c 'import ssl; print(ssl.create_default_context().cert_store_stats()[\"x509\"] > 0)'"),
    ).to.equal("True");
    expect(await there("touch /usr/mine 2>&1 || true")).to.contain("Read-only file system");
  });

  it("see all else of the machine as it is, at its place", async () => {
    folder.file("seen", "yes");
    expect(await there("pwd; cat seen; cat /etc/hosts")).to.equal(
      `${folder.dir}\nyes${readFileSync("/etc/hosts", "utf8").trimEnd()}`,
    );
    await there("echo written >written");
    expect(readFileSync(path.join(folder.dir, "written"), "utf8")).to.equal("written\n");
  });

  it("change neither the machine's settings nor its mounts", async () => {
    mkdirSync(path.join(folder.dir, "mounted"));
    const mounts = readMounts();
    const said = await there(
      "echo mine >/etc/mine; cat /etc/mine; mount -t tmpfs tmpfs mounted; touch mounted/inside; ls mounted",
    );
    expect(said).to.equal("mine\ninside");
    expect(existsSync("/etc/mine")).to.equal(false);
    expect(readMounts()).to.deep.equal(mounts);
  });

  it("are the same for what they start in turn", async () => {
    const [program, ...args] = withTools(tools, ["sh", "-c", "grep -c ' /usr ' /proc/self/mountinfo"]);
    const once = await there("grep -c ' /usr ' /proc/self/mountinfo");
    expect(await there([program, ...args.map((word) => `'${word.replaceAll("'", "'\\''")}'`)].join(" "))).to.equal(
      once,
    );
  });

  it("are those of a sandbox's namespaces", async () => {
    const said = await there("command -v ip; cat /proc/1/comm; ip -brief link show lo", inNamespaces);
    expect(said).to.match(/^\/usr\/sbin\/ip\nnamespaces\.sh\nlo .*<LOOPBACK,UP,LOWER_UP>/);
  });
});
