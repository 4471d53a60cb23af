import { expect } from "chai";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { commandPackage } from "../../../sandbox/providers/command";
import type { Resource } from "../../../sandbox/providers/framework/definition";
import type { Props } from "../../../sandbox/providers/framework/values";
import { startSshServer, type SshServer } from "./ssh-server";
import { createContext, rejection } from "./support";

const signature = "4dabf18193072939515e22adb298388d";
const asset = (content: Props): Props => ({ [signature]: "c44067f5952c0a294b673a41bacd8c17", ...content });
const archive = (content: Props): Props => ({ [signature]: "0def7320c3a5731c473e5ecbe6d01bc7", ...content });

describe("command stand-in: remote.CopyToRemote", () => {
  let server: SshServer;
  let folder: string;
  let copy: Required<Resource>;
  const { context } = createContext();
  before(async () => {
    server = await startSshServer();
  });
  after(() => server.close());
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "copy-"));
    fs.mkdirSync(path.join(folder, "source/sub/deep"), { recursive: true });
    fs.writeFileSync(path.join(folder, "source/a"), "a\n");
    fs.writeFileSync(path.join(folder, "source/sub/deep/b"), "b\n");
    copy = commandPackage({ workDir: folder }).resources["command:remote:CopyToRemote"] as Required<Resource>;
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const inputsFor = async (source: Props, remotePath: string) => {
    const { port, privateKey } = server;
    const connection = { host: "127.0.0.1", port, privateKey };
    return (await copy.check({ connection, source, remotePath: path.join(folder, remotePath) }, context, undefined))
      .inputs;
  };
  const put = async (source: Props, remotePath: string) => copy.create(await inputsFor(source, remotePath), context);
  const files = (below: string) =>
    fs
      .readdirSync(path.join(folder, below), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(path.join(folder, below), path.join(entry.parentPath, entry.name)))
      .sort();

  it("copies a folder's content", async () => {
    await put(archive({ path: "source/" }), "one/two");
    expect(files("one")).to.deep.equal(["two/a", "two/sub/deep/b"]);
    expect(fs.readFileSync(path.join(folder, "one/two/sub/deep/b"), "utf8")).to.equal("b\n");
  });

  it("puts no folder in the place of a file", async () => {
    expect((await rejection(put(archive({ path: "source/" }), "source/a"))).message).to.match(/not a directory/);
  });

  it("copies again for another content or path, not for another place of the same content", async () => {
    const state = await inputsFor(archive({ path: "source/", hash: "1" }), "target");
    await copy.update("id", state, await inputsFor(archive({ path: "elsewhere/", hash: "1" }), "target"), context);
    expect(fs.existsSync(path.join(folder, "target"))).to.equal(false);
    await copy.update("id", state, await inputsFor(archive({ path: "source/", hash: "2" }), "target"), context);
    await copy.update("id", state, await inputsFor(archive({ path: "source/", hash: "1" }), "target2"), context);
    expect([files("target").length, files("target2").length]).to.deep.equal([2, 2]);
  });

  it("leaves on the host what was copied", async () => {
    const inputs = await inputsFor(archive({ path: "source/" }), "target");
    await copy.create(inputs, context);
    await copy.delete("id", inputs, context);
    expect(files("target")).to.have.length(2);
  });

  it("refuses what it cannot copy", async () => {
    const reasons = async (source: Props) =>
      (await copy.check({ connection: { host: "h" }, source, remotePath: "/x" }, context, undefined)).failures?.map(
        ({ reason }) => reason,
      );
    expect(await reasons(archive({ path: "x/" }))).to.deep.equal([]);
    const other = [archive({ path: "x" }), archive({ assets: {} }), asset({ text: "x" }), {}];
    for (const source of other) expect(await reasons(source)).to.have.length(1);
  });
});
