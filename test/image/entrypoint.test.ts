/**
 * docker-entrypoint.sh in a folder that stands for the container's root: the script's absolute paths are moved below it,
 * and sshd is a script that tells how it was called. The real image is tested with the sandbox.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect } from "chai";

const source = readFileSync(path.join(__dirname, "../../image/docker-entrypoint.sh"), "utf8");
const shadow = ["root:!::0:::::", "bin:!::0:::::", "sshd:!::0:::::", ""].join("\n");

describe("docker-entrypoint.sh", () => {
  let root: string;
  let publicKey: string;
  let privateKey: string;
  const at = (file: string) => path.join(root, file);

  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), "entrypoint-"));
    for (const folder of ["etc/ssh", "root", "run", "usr/sbin"]) mkdirSync(at(folder), { recursive: true });
    writeFileSync(at("etc/shadow"), shadow);
    writeFileSync(at("usr/sbin/sshd"), '#!/bin/sh\necho "sshd $*"\nenv\n', { mode: 0o755 });
    // Every one of them: an absolute path that stayed would be the machine's own.
    writeFileSync(at("entrypoint.sh"), source.replace(/(?<![\w/])\/(?=(etc|root|run|usr)\/)/g, `${root}/`));
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "job", "-f", at("key")]);
    publicKey = readFileSync(at("key.pub"), "utf8").trim();
    privateKey = readFileSync(at("key"), "utf8");
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const start = (variables: Record<string, string>) =>
    spawnSync("sh", [at("entrypoint.sh")], {
      env: { PATH: process.env.PATH, ...variables },
      encoding: "utf8",
    });
  const mode = (file: string) => statSync(at(file)).mode & 0o777;
  const environment = () => readFileSync(at("root/.ssh/environment"), "utf8").trimEnd().split("\n");

  it("becomes sshd, in the foreground and logging to the container's output", () => {
    const { status, stdout, stderr } = start({ SSH_PUBLIC_KEY: publicKey });
    expect(stderr).to.equal("");
    expect(status).to.equal(0);
    expect(stdout.split("\n")[0]).to.equal("sshd -D -e");
  });

  it("lets in the given key, from files that only root can read", () => {
    start({ SSH_PUBLIC_KEY: publicKey });
    expect(readFileSync(at("root/.ssh/authorized_keys"), "utf8")).to.equal(`${publicKey}\n`);
    expect(mode("root/.ssh")).to.equal(0o700);
    expect(mode("root/.ssh/authorized_keys")).to.equal(0o600);
    expect(mode("root/.ssh/environment")).to.equal(0o600);
    expect(mode("run/sshd")).to.equal(0o755);
  });

  it("takes several keys, and comments between them", () => {
    const second = publicKey.replace(/ job$/, " other");
    const { status } = start({ SSH_PUBLIC_KEY: `${publicKey}\n\n# another\n${second}\n` });
    expect(status).to.equal(0);
    expect(readFileSync(at("root/.ssh/authorized_keys"), "utf8")).to.contain(second);
  });

  it("makes one host key, of type ed25519, and keeps it at a second start", () => {
    start({ SSH_PUBLIC_KEY: publicKey });
    const first = readFileSync(at("etc/ssh/ssh_host_ed25519_key.pub"), "utf8");
    expect(first).to.match(/^ssh-ed25519 /);
    expect(existsSync(at("etc/ssh/ssh_host_rsa_key"))).to.equal(false);
    start({ SSH_PUBLIC_KEY: publicKey });
    expect(readFileSync(at("etc/ssh/ssh_host_ed25519_key.pub"), "utf8")).to.equal(first);
  });

  it("unlocks root without giving it a password, and no other account", () => {
    start({ SSH_PUBLIC_KEY: publicKey });
    expect(readFileSync(at("etc/shadow"), "utf8")).to.equal(shadow.replace("root:!:", "root:*:"));
  });

  it("hands the task role's credentials and the container's other variables on to sessions", () => {
    const variables = {
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/0b8f",
      AWS_DEFAULT_REGION: "eu-central-1",
      AWS_EXECUTION_ENV: "AWS_ECS_FARGATE",
      AWS_REGION: "eu-central-1",
      ECS_CONTAINER_METADATA_URI_V4: "http://169.254.170.2/v4/0b8f",
      QUOTES: `a "b" 'c' $d \\e # f=g`,
    };
    start({ SSH_PUBLIC_KEY: publicKey, ...variables });
    expect(environment()).to.include.members(Object.entries(variables).map(([name, value]) => `${name}=${value}`));
    expect(environment()).to.include(`PATH=${process.env.PATH}`);
  });

  it("keeps the key and what belongs to a login out of sessions' and sshd's environment", () => {
    const { stdout } = start({ SSH_PUBLIC_KEY: publicKey, HOME: "/elsewhere", HOSTNAME: "ip-10-0-0-1", SHLVL: "3" });
    const names = environment().map((line) => line.split("=")[0]);
    expect(names).not.to.include.members(["SSH_PUBLIC_KEY"]);
    for (const name of ["HOME", "HOSTNAME", "SHLVL", "PWD", "_"]) expect(names).not.to.include(name);
    expect(stdout).not.to.contain("SSH_PUBLIC_KEY");
  });

  it("names a variable of several lines that it can't hand on, without its content", () => {
    const { status, stderr } = start({ SSH_PUBLIC_KEY: publicKey, CERTIFICATE: "first\nsecond=x" });
    expect(status).to.equal(0);
    expect(stderr).to.contain("CERTIFICATE").and.not.contain("first");
    expect(environment().join("\n")).not.to.match(/CERTIFICATE|second/);
  });

  describe("guard", () => {
    const soon = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds);
    /** Like sshd it ends at once when it is told to, and says how long it was there. */
    const waiting =
      "echo up; trap 'echo ended; exit 0' TERM; i=0; while [ $i -lt 40 ]; do sleep 0.1; i=$((i + 1)); done; echo stayed";

    beforeEach(() => writeFileSync(at("usr/sbin/sshd"), `#!/bin/sh\n${waiting}\n`, { mode: 0o755 }));

    it("ends a container that no session came to", () => {
      const { stdout, stderr } = start({
        SSH_PUBLIC_KEY: publicKey,
        GUARD_FIRST_SESSION: "1",
        GUARD_DEADLINE: soon(3),
      });
      expect(stdout).to.equal("up\nended\n");
      expect(stderr).to.equal("docker-entrypoint: no SSH session came within 1 s: the container ends\n");
    });

    it("lets one live that had a session, until its deadline", () => {
      // What sshd does for a session.
      writeFileSync(at("usr/sbin/sshd"), `#!/bin/sh\nsh ${at("etc/ssh/sshrc")}\n${waiting}\n`);
      const { stdout, stderr } = start({
        SSH_PUBLIC_KEY: publicKey,
        GUARD_FIRST_SESSION: "1",
        GUARD_DEADLINE: soon(3),
      });
      expect(stdout).to.equal("up\nended\n");
      expect(stderr).to.equal("docker-entrypoint: the time of its job is over: the container ends\n");
    });

    it("lets one live that is within all limits", () => {
      writeFileSync(at("usr/sbin/sshd"), `#!/bin/sh\nsh ${at("etc/ssh/sshrc")}\n${waiting}\n`);
      const { stdout, stderr } = start({
        SSH_PUBLIC_KEY: publicKey,
        GUARD_FIRST_SESSION: "1",
        GUARD_DEADLINE: soon(6),
      });
      expect(stdout).to.equal("up\nstayed\n");
      expect(stderr).to.equal("");
    });

    it("does not take an earlier start's session for one of this start", () => {
      writeFileSync(at("run/ssh-session"), "");
      const { stdout } = start({ SSH_PUBLIC_KEY: publicKey, GUARD_FIRST_SESSION: "1" });
      expect(stdout).to.equal("up\nended\n");
    });

    it("is no business of sessions and of sshd", () => {
      writeFileSync(at("usr/sbin/sshd"), "#!/bin/sh\nenv\n", { mode: 0o755 });
      const limits = { GUARD_FIRST_SESSION: "1", GUARD_DEADLINE: soon(2), GUARD_HOST: "0123" };
      const { stdout } = start({ SSH_PUBLIC_KEY: publicKey, ...limits });
      expect(stdout).not.to.contain("GUARD_");
      expect(environment().join("\n")).not.to.contain("GUARD_");
    });
  });

  const refused: [string, () => Record<string, string>, RegExp][] = [
    ["no key", () => ({}), /SSH_PUBLIC_KEY is not set/],
    ["an empty key", () => ({ SSH_PUBLIC_KEY: "" }), /SSH_PUBLIC_KEY is not set/],
    ["only white space", () => ({ SSH_PUBLIC_KEY: "\n\n" }), /holds no public key/],
    ["something else than a key", () => ({ SSH_PUBLIC_KEY: "hello world" }), /no public key/],
    ["a private key", () => ({ SSH_PUBLIC_KEY: privateKey }), /no public key/],
    ["a key that was cut off", () => ({ SSH_PUBLIC_KEY: publicKey.slice(0, 40) }), /cut off/],
    ["a good key followed by a bad one", () => ({ SSH_PUBLIC_KEY: `${publicKey}\nssh-rsa AAAA` }), /cut off/],
    ["a deadline that has passed", () => ({ SSH_PUBLIC_KEY: publicKey, GUARD_DEADLINE: "1700000000" }), /has passed/],
    ["a deadline that is no number", () => ({ SSH_PUBLIC_KEY: publicKey, GUARD_DEADLINE: "$(id)" }), /whole number/],
    ["a wait that is no number", () => ({ SSH_PUBLIC_KEY: publicKey, GUARD_FIRST_SESSION: "-1" }), /whole number/],
    ["options before a key", () => ({ SSH_PUBLIC_KEY: `command="true" ${publicKey}` }), /no public key/],
  ];
  for (const [what, variables, message] of refused) {
    it(`refuses ${what} with a message and without starting sshd`, () => {
      const { status, stdout, stderr } = start(variables());
      expect(status).to.equal(1);
      expect(stderr)
        .to.match(message)
        .and.to.match(/^docker-entrypoint: /);
      expect(stderr).not.to.contain("OPENSSH PRIVATE KEY");
      expect(stdout).to.equal("");
      expect(existsSync(at("etc/ssh/ssh_host_ed25519_key"))).to.equal(false);
    });
  }
});
