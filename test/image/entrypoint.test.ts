/**
 * docker-entrypoint.sh in a folder that stands for the container's root: the script's absolute paths are moved below it,
 * and sshd is a script that tells how it was called. The real image is tested with the sandbox.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { expect } from "chai";
import { createContainer, shadow, type Container } from "./container";

describe("docker-entrypoint.sh", () => {
  let container: Container;
  let publicKey: string;
  let privateKey: string;
  const at = (file: string) => container.at(file);

  beforeEach(() => {
    container = createContainer();
    ({ publicKey, privateKey } = container);
  });

  afterEach(() => container.remove());

  const start = (variables: Record<string, string>) =>
    spawnSync("sh", [container.entrypoint], {
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

  const refused: [string, () => Record<string, string>, RegExp][] = [
    ["no key", () => ({}), /SSH_PUBLIC_KEY is not set/],
    ["an empty key", () => ({ SSH_PUBLIC_KEY: "" }), /SSH_PUBLIC_KEY is not set/],
    ["only white space", () => ({ SSH_PUBLIC_KEY: "\n\n" }), /holds no public key/],
    ["something else than a key", () => ({ SSH_PUBLIC_KEY: "hello world" }), /no public key/],
    ["a private key", () => ({ SSH_PUBLIC_KEY: privateKey }), /no public key/],
    ["a key that was cut off", () => ({ SSH_PUBLIC_KEY: publicKey.slice(0, 40) }), /cut off/],
    ["a good key followed by a bad one", () => ({ SSH_PUBLIC_KEY: `${publicKey}\nssh-rsa AAAA` }), /cut off/],
    [
      "a deadline that has passed",
      () => ({ SSH_PUBLIC_KEY: publicKey, FARGATE_GUARD_DEADLINE: "1700000000" }),
      /has passed/,
    ],
    [
      "a deadline that is no number",
      () => ({ SSH_PUBLIC_KEY: publicKey, FARGATE_GUARD_DEADLINE: "$(id)" }),
      /whole number/,
    ],
    [
      "a wait that is no number",
      () => ({ SSH_PUBLIC_KEY: publicKey, FARGATE_GUARD_FIRST_SESSION: "-1" }),
      /whole number/,
    ],
    [
      "a time without sessions that is no number",
      () => ({ SSH_PUBLIC_KEY: publicKey, FARGATE_GUARD_LAST_SESSION: "20m" }),
      /whole number/,
    ],
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
