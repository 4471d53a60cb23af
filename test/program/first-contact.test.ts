import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { firstContactUserData, firstHostKey, learntHostKey } from "../../components/host/first-contact";
import { createFolders } from "../../components/host/host-scripts";
import { newKeyPair, publicKeyOf } from "../../components/host/key-pair";
import { isSecret, ofType, plain } from "./support/deploy";
import { instance, run } from "./support/program";
import { raw } from "./support/settings";

describe("the first contact", () => {
  it("is with a host key that cloud-init gives the instance", () => {
    const userData = firstContactUserData();
    expect(userData.startsWith("#cloud-config\n")).to.equal(true);
    const { ssh_keys: keys, ...rest } = parse(userData);
    expect(rest).to.deep.equal({ ssh_deletekeys: true });
    expect(keys).to.have.all.keys("ed25519_public", "ed25519_private");
    expect(publicKeyOf(keys.ed25519_private)).to.equal(keys.ed25519_public);
    expect(firstHostKey(userData)).to.equal(keys.ed25519_public);
  });

  it("believes nobody where the instance got no key", () => {
    for (const none of [undefined, "", "#!/bin/sh\necho\n"]) {
      expect(firstHostKey(none)).to.match(/^ssh-ed25519 AAAA/);
      expect(firstHostKey(none)).to.not.equal(firstHostKey(none));
    }
  });

  it("has a key of its own for each host, which is secret", async () => {
    const keys = ofType(await run(raw({ host: { count: 2 } })), instance).map(({ fresh, secretOutputs }) => {
      expect(isSecret(fresh.userData)).to.equal(true);
      expect(secretOutputs).to.include("userData");
      return firstHostKey(plain<string>(fresh.userData));
    });
    expect(new Set(keys).size).to.equal(2);
  });

  it("teaches the host's own key, which is an ed25519 or, on hosts of earlier versions, an ECDSA key", () => {
    for (const key of ["ssh-ed25519 AAAAC3+/x", "ecdsa-sha2-nistp256 AAAAE2==", "ecdsa-sha2-nistp521 AAAA"]) {
      expect(learntHostKey("host", key)).to.equal(key);
    }
  });

  it("ends the deployment where it teaches no key, or an RSA key", () => {
    for (const printed of ["", "\n", "ssh-rsa AAAA", "ssh-ed25519", "port 22", "ssh-ed25519 AAAA\nssh-ed25519 BBBB"]) {
      expect(() => learntHostKey("gitlab-runners-host", printed), printed).to.throw(
        /^gitlab-runners-host: its first command told no ed25519 or ECDSA host key.*pulumi up --replace/,
      );
    }
  });
});

describe("the first command", () => {
  const offers = ["hostkey /etc/ssh/ssh_host_rsa_key", "hostkey /etc/ssh/ssh_host_ed25519_key"];
  const signs = "hostkeyalgorithms ssh-ed25519-cert-v01@openssh.com,ssh-ed25519,rsa-sha2-512";
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "first-command-"))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const key = () => path.join(folder, "ssh_host_ed25519_key");
  const restarts = () => fs.readFileSync(path.join(folder, "restarts"), "utf8");

  /** Runs it with the host's sshd, services and users played, and keys in a folder. */
  function firstCommand(sshd: string[], unit = "sshd") {
    fs.writeFileSync(path.join(folder, "restarts"), "");
    const there = (file: string) => file.replaceAll("/etc/ssh", folder);
    const programs = {
      getent: "exit 0",
      sshd: sshd.map((line) => `echo '${there(line)}'`).join("\n"),
      systemctl: `[ "$1" = is-active ] && { [ "$3" = ${unit} ]; exit; }; echo "$@" >> '${folder}/restarts'`,
      sudo: `[ "$1" = install ] || exec "$@"`,
    };
    const bin = path.join(folder, "bin");
    fs.mkdirSync(bin, { recursive: true });
    for (const [name, body] of Object.entries(programs)) {
      fs.writeFileSync(path.join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    }
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    return spawnSync("sh", ["-c", there(createFolders())], { encoding: "utf8", env });
  }

  it("puts a new host key in the place of the first one, has sshd take it, and prints it", () => {
    const first = newKeyPair("first contact");
    fs.writeFileSync(key(), first.privateKey, { mode: 0o600 });
    fs.writeFileSync(`${key()}.pub`, first.publicKey);
    // What an earlier call that was cut off has left.
    fs.writeFileSync(`${key()}.new`, "half a key");
    const { status, stdout, stderr } = firstCommand([...offers, signs]);
    expect([status, stderr]).to.deep.equal([0, ""]);
    expect(learntHostKey("host", stdout)).to.not.equal(first.publicKey);
    expect(publicKeyOf(fs.readFileSync(key(), "utf8"))).to.equal(stdout.trim());
    expect(fs.readFileSync(`${key()}.pub`, "utf8").trim()).to.equal(stdout.trim());
    expect(fs.statSync(key()).mode & 0o777).to.equal(0o600);
    expect(fs.readdirSync(folder).filter((file) => file.includes(".new"))).to.deep.equal([]);
    expect(restarts()).to.equal("restart sshd\n");
  });

  it("finds sshd under Debian's name too", () => {
    expect(firstCommand([...offers, signs], "ssh").status).to.equal(0);
    expect(restarts()).to.equal("restart ssh\n");
  });

  it("changes nothing where sshd would not offer the key, or cannot tell", () => {
    for (const sshd of [
      [offers[0], signs],
      [...offers, "hostkeyalgorithms ecdsa-sha2-nistp256"],
      [...offers, signs.replace(",ssh-ed25519,", ",")],
      [],
    ]) {
      const { status, stdout, stderr } = firstCommand(sshd);
      expect([status, stdout]).to.deep.equal([1, ""]);
      expect(stderr).to.contain("this machine image's sshd offers no ed25519 host key");
      expect(fs.existsSync(key())).to.equal(false);
    }
    expect(firstCommand(["", "'; exit 255 #"]).status).to.equal(255);
  });
});
