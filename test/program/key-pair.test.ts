import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { utils } from "ssh2";
import { newKeyPair, publicKeyOf } from "../../components/host/key-pair";

describe("SSH key pairs", () => {
  it("belong together in OpenSSH's eyes", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ssh-keys-"));
    try {
      // Comments of each length below a cipher's block: the padding differs.
      for (let length = 0; length < 8; length++) {
        const comment = "c".repeat(length);
        const { publicKey, privateKey } = newKeyPair(comment);
        const file = path.join(folder, `key-${length}`);
        fs.writeFileSync(file, privateKey, { mode: 0o600 });
        const { stdout, stderr } = spawnSync("ssh-keygen", ["-y", "-P", "", "-f", file], { encoding: "utf8" });
        expect(stderr).to.equal("");
        expect(stdout.trim()).to.equal(`${publicKey} ${comment}`.trim());
      }
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it("sign what their public key verifies", () => {
    const { publicKey, privateKey } = newKeyPair("");
    const [secret, open] = [utils.parseKey(privateKey), utils.parseKey(publicKey)];
    if (secret instanceof Error || open instanceof Error) throw new Error("unreadable");
    const signature = secret.sign("text");
    expect(open.verify("text", signature as Buffer)).to.equal(true);
  });

  it("are others each time, and told by their private key", () => {
    const pairs = [newKeyPair("a"), newKeyPair("a")];
    expect(pairs[0].publicKey).to.not.equal(pairs[1].publicKey);
    for (const { publicKey, privateKey } of pairs) expect(publicKeyOf(privateKey)).to.equal(publicKey);
  });
});
