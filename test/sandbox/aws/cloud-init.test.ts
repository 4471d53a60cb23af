import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { firstContactUserData, firstHostKey } from "../../../components/host/first-contact";
import { publicKeyOf } from "../../../components/host/key-pair";
import { applyUserData, decodeUserData } from "../../../sandbox/aws/ec2/cloud-init";
import { rejection } from "../providers/support";

describe("cloud-init stand-in", () => {
  let root: string;
  let key: string;
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "cloud-init-"));
    key = path.join(root, "etc/ssh/ssh_host_ed25519_key");
    fs.mkdirSync(path.dirname(key), { recursive: true });
    fs.writeFileSync(key, "the image's");
    fs.writeFileSync(`${key}.pub`, "the image's");
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));

  it("gives the instance the host key of its user data, in the place of the image's", async () => {
    const userData = firstContactUserData();
    await applyUserData(root, userData);
    const [privateKey, publicKey] = [key, `${key}.pub`].map((file) => fs.readFileSync(file, "utf8"));
    expect(publicKey).to.equal(firstHostKey(userData));
    expect(publicKeyOf(privateKey!)).to.equal(publicKey);
    for (const file of [key, `${key}.pub`]) expect(fs.statSync(file).mode & 0o777).to.equal(0o600);
  });

  it("removes the image's key, so that a new one is made, unless told to leave it", async () => {
    await applyUserData(root, "#cloud-config\nssh_deletekeys: false\n");
    expect(fs.readFileSync(key, "utf8")).to.equal("the image's");
    await applyUserData(root, "#cloud-config\nssh_deletekeys: true\n");
    expect(fs.readdirSync(path.dirname(key))).to.deep.equal([]);
  });

  it("does nothing without user data", async () => {
    await applyUserData(root, undefined);
    expect(fs.readFileSync(key, "utf8")).to.equal("the image's");
  });

  it("refuses what it does not know", async () => {
    for (const userData of [
      "#!/bin/sh\n",
      "#cloud-config\npackages: [git]\n",
      "#cloud-config\nssh_keys: { rsa_private: a, rsa_public: b }\n",
      "#cloud-config\nssh_keys: { ed25519_private: a }\n",
    ]) {
      expect((await rejection(applyUserData(root, userData))).message, userData).to.match(/^user data: .* known here$/);
    }
  });

  it("takes user data as EC2 does: in base64, 16 KiB at most", () => {
    expect(decodeUserData(null)).to.equal(undefined);
    expect(decodeUserData(Buffer.from("#ä").toString("base64"))).to.equal("#ä");
    expect(() => decodeUserData("#cloud-config")).to.throw("Invalid BASE64 encoding of user data.");
    expect(decodeUserData(Buffer.alloc(16_384, "a").toString("base64"))).to.have.length(16_384);
    expect(() => decodeUserData(Buffer.alloc(16_385, "a").toString("base64"))).to.throw("limited to 16384 bytes");
  });
});
