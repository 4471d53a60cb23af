import { generateKeyPairSync } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import { utils } from "ssh2";
import { readPrivateKey, readPublicKey } from "../../components/settings/ssh-keys";
import { parseSettings } from "../../components/settings/settings";
import { schema } from "../../components/settings/schema";
import { settingsOf } from "../../scripts/settings-reference";
import { scratch } from "../support/scratch";
import { makeKeyPair, raw } from "./support/settings";

const types = ["ssh-ed25519", "ssh-rsa"];
const whyPublic = (text: string) => readPublicKey(text, types).why;
const whyPrivate = (text: string) => readPrivateKey(text).why;

/** Without `length` characters before the last line. */
const shortened = (pem: string, length: number) =>
  pem.replace(/(-----END)/, "\n$1").replace(new RegExp(`[^]{${length}}\\n+(-----END)`), "\n$1");

describe("SSH keys", () => {
  const folder = scratch();
  after(() => folder.remove());

  /** As ssh-keygen makes them. */
  function keygen(name: string, ...args: string[]) {
    const file = path.join(folder.dir, name);
    execFileSync("ssh-keygen", ["-q", "-N", "", "-f", file, ...args]);
    return { publicKey: readFileSync(`${file}.pub`, "utf8"), privateKey: readFileSync(file, "utf8") };
  }

  for (const [what, args] of Object.entries({
    "ed25519 in OpenSSH's format": ["-t", "ed25519"],
    "RSA in OpenSSH's format": ["-t", "rsa", "-b", "2048"],
    "RSA as PKCS#1": ["-t", "rsa", "-b", "2048", "-m", "PEM"],
    "RSA as PKCS#8": ["-t", "rsa", "-b", "2048", "-m", "PKCS8"],
  })) {
    it(`of ssh-keygen are a pair: ${what}`, () => {
      const { publicKey, privateKey } = keygen(what.replace(/\W/g, ""), ...args);
      const [one, other] = [readPublicKey(publicKey, types), readPrivateKey(privateKey)];
      expect([one.why, other.why]).to.deep.equal([undefined, undefined]);
      expect(one.identity).to.equal(other.identity);
      expect(readPrivateKey(privateKey.replaceAll("\n", "\r\n")).identity).to.equal(one.identity);
    });
  }

  it("of other makers are a pair: ed25519 as PKCS#8, as the AWS CLI and GitLab's secret store give it", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
    const blob = Buffer.concat([Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20", "latin1"), raw]);
    const line = `ssh-ed25519 ${blob.toString("base64")}`;
    expect(readPrivateKey(pem).identity).to.equal(readPublicKey(line, types).identity).and.not.equal(undefined);
  });

  it("of hosts may be ECDSA too", () => {
    const { public: key, private: secret } = utils.generateKeyPairSync("ecdsa", { bits: 384 });
    expect(readPublicKey(key, ["ecdsa-sha2-nistp384"]).identity).to.equal(readPrivateKey(secret).identity);
    expect(whyPublic(key)).to.equal("a key of type ecdsa-sha2-nistp384; it begins with ssh-ed25519 or ssh-rsa");
  });

  it("are refused where the public one will not do, each with its reason", () => {
    const { publicKey, privateKey } = makeKeyPair();
    const [type, base64] = publicKey.split(" ");
    const rsa = keygen("short", "-t", "rsa", "-b", "1024").publicKey;
    const cut = "cut off, or changed on its way here; set it from its file";
    expect(
      ["ssh-ed25519 AAAA…", "ssh-ed25519 AAAA...", "hello", `${type}`, `${type} ${base64.slice(0, 40)}`].map(whyPublic),
    ).to.deep.equal([
      "an example, with … in the place of the key itself; set it from its file",
      "an example, with … in the place of the key itself; set it from its file",
      "not a public key in OpenSSH's format; it begins with ssh-ed25519 or ssh-rsa",
      `its text behind ssh-ed25519 is no base64: ${cut}`,
      cut,
    ]);
    expect(whyPublic(`ssh-rsa ${base64}`)).to.equal(cut);
    expect(whyPublic(`${type} ${base64}AAAA`)).to.equal(cut);
    expect(whyPublic(rsa)).to.equal("RSA of 1024 bits is too short; 2048 or more");
    expect(whyPublic(privateKey)).to.match(/^this is a private key;/);
  });

  it("are refused where the private one will not do, each with its reason", () => {
    const { publicKey, privateKey } = makeKeyPair();
    const cut = "cut off, or changed on its way here";
    const lines = privateKey.split("\n");
    expect(whyPrivate(lines[0])).to.equal(`its last line, -----END OPENSSH PRIVATE KEY-----, is missing: ${cut}`);
    expect(whyPrivate(lines.join(" "))).to.equal("its lines have become one; set it from its file");
    expect(whyPrivate(shortened(privateKey, 40))).to.equal(`${cut}; set it from its file`);
    expect(whyPrivate([lines[0], ...lines.slice(2)].join("\n"))).to.equal(`${cut}; set it from its file`);
    expect(whyPrivate(publicKey)).to.equal("not a private key in PEM format, but the public one");
    expect(whyPrivate("hunter2")).to.equal("not a private key in PEM format");
    expect(whyPrivate("PuTTY-User-Key-File-3: ssh-ed25519")).to.match(/^PuTTY's format;/);
  });

  it("are refused with a passphrase, in each format", () => {
    const passphrase = "hunter2";
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const texts = [
      keygen("closed", "-t", "ed25519", "-N", passphrase).privateKey,
      rsa.export({ format: "pem", type: "pkcs1", cipher: "aes-128-cbc", passphrase }).toString(),
      rsa.export({ format: "pem", type: "pkcs8", cipher: "aes-128-cbc", passphrase }).toString(),
    ];
    for (const text of texts) expect(whyPrivate(text)).to.match(/^it has a passphrase, .*ssh-keygen -p -N ""/);
  });

  it("of the reference's example is one that is taken", () => {
    const example = settingsOf(schema).find(({ path: key }) => key === "host.publicKey")!.example as string;
    expect(whyPublic(example)).to.equal(undefined);
  });
});

describe("settings with keys", () => {
  const told = (host: Record<string, unknown>) => {
    try {
      parseSettings(raw({ host }));
      return [];
    } catch (error) {
      return (error as Error).message
        .split("\n")
        .slice(1)
        .map((line) => line.trim());
    }
  };

  it("are refused where the two do not belong together", () => {
    const other = makeKeyPair();
    const reason = "host.publicKey: not the one of host.privateKey, which has: ssh-keygen -y -f runner-host";
    expect(told({ publicKey: other.publicKey })).to.deep.equal([reason]);
    expect(told({ privateKey: other.privateKey })).to.deep.equal([reason]);
    expect(told(other)).to.deep.equal([]);
  });

  it("are refused with each key that will not do, and without a character of it", () => {
    const { privateKey, publicKey } = makeKeyPair();
    const broken = shortened(privateKey, 40);
    const proxy = { host: "bastion", privateKey: broken, hostKey: publicKey.slice(0, 60) };
    const lines = told({ privateKey: broken, publicKey: privateKey, connection: { proxy } });
    expect(lines.map((line) => line.split(": ")[0])).to.have.members([
      "host.connection.proxy.privateKey",
      "host.connection.proxy.hostKey",
      "host.publicKey",
      "host.privateKey",
    ]);
    for (const line of privateKey.split("\n").slice(1, -1)) expect(lines.join()).to.not.contain(line.slice(0, 20));
  });
});
