/** A stack without a key of its own: the deployment makes one, and replaces the host that has another. */
import { expect } from "chai";
import { execa } from "execa";
import { readdirSync } from "node:fs";
import { projectDir } from "../../sandbox/config";
import { deploy, pulumiOk } from "../support/engine";
import { runCi, scratch, status, useSandbox } from "../support/sandbox";
import { exportStack, previewSteps, withSettings } from "../support/stack";

describe("a login key that the deployment makes", () => {
  useSandbox();
  const folder = scratch();
  let file: string;
  let files: string[];
  let key: string;

  before("a stack file without keys, deployed", async () => {
    files = readdirSync(projectDir);
    file = await withSettings(folder, { "host.publicKey": undefined, "host.privateKey": undefined });
    await deploy(file);
    key = (await pulumiOk(["stack", "output", "privateKey", "--show-secrets"])).stdout;
  });
  after("as it was", async () => {
    await deploy();
    folder.remove();
  });

  it("opens a shell on the host, whose key the state knows", async () => {
    const { address } = (await status()).hosts.find(({ state }) => state === "running")!;
    const { text } = await exportStack(["--show-secrets"]);
    const known = [...text.matchAll(/ssh-ed25519 [\w+/=]+/g)].map(([hostKey]) => `${address} ${hostKey}\n`).join("");
    const { stdout } = await execa("ssh", [
      ...["-i", folder.file("key", `${key}\n`, { mode: 0o600 }), "-o", "LogLevel=ERROR"],
      ...["-o", "StrictHostKeyChecking=yes", "-o", `UserKnownHostsFile=${folder.file("known_hosts", known)}`],
      ...[`admin@${address}`, "sudo id -u"],
    ]);
    expect(stdout).to.equal("0");
  });

  it("is in no file of the project and not in the state's plain text", async () => {
    expect(readdirSync(projectDir)).to.deep.equal(files);
    const { text } = await exportStack();
    expect(text).to.not.contain("OPENSSH PRIVATE KEY").and.not.contain(key.split("\n")[2]);
  });

  it("is kept: there is nothing to change when deployed again", async () => {
    const steps = await previewSteps(["--config-file", file]);
    expect(steps.filter(({ op }) => op !== "same")).to.deep.equal([]);
  });

  it("leaves a host that runs jobs", async () => {
    const { jobs } = await runCi("job:\n  script: [echo fine]\n");
    expect(jobs[0].status, jobs[0].trace).to.equal("success");
  });
});
