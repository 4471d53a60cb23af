/** Keys between the deployment and its hosts: those that it makes, and those that earlier versions have left. */
import { expect } from "chai";
import { execa } from "execa";
import { readdirSync } from "node:fs";
import { projectDir } from "../../sandbox/config";
import { deploy, pulumi, pulumiOk } from "../support/engine";
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

describe("a host of an earlier version", () => {
  useSandbox();
  const folder = scratch();
  let deployed: string;

  before("the state that the deployed one has", async () => {
    deployed = (await exportStack(["--show-secrets"])).text;
  });
  after("as it was", async () => {
    await load(deployed);
    folder.remove();
  });

  const load = (state: string) => pulumiOk(["stack", "import", "--file", folder.file("state.json", state)]);

  /** Without user data, and with a first command that believed any host and had another script. */
  function asOfEarlier(learnt?: string): string {
    const state = JSON.parse(deployed) as { deployment: { resources: StateResource[] } };
    const find = (end: string) => state.deployment.resources.find(({ urn }) => urn.endsWith(end))!;
    const host = find("$aws:ec2/instance:Instance::gitlab-runners-host");
    const first = find("::gitlab-runners-host-folders");
    for (const properties of [host.inputs, host.outputs]) delete properties.userData;
    for (const properties of [first.inputs, first.outputs]) {
      properties.create = "echo another script";
      const connection = properties.connection as { plaintext: string };
      const { hostKey: _, ...rest } = JSON.parse(connection.plaintext);
      connection.plaintext = JSON.stringify(rest);
    }
    if (learnt !== undefined) {
      first.outputs.stdout = { ...(first.outputs.stdout as object), plaintext: JSON.stringify(learnt) };
    }
    return JSON.stringify(state);
  }

  it("goes on with the key that was learnt then, and is not set up again", async () => {
    await load(asOfEarlier());
    const steps = await previewSteps([]);
    expect(steps.filter(({ op }) => op !== "same")).to.deep.equal([]);
  });

  it("of which no key was learnt is connected to no more", async () => {
    await load(asOfEarlier(""));
    const { exitCode, all } = await pulumi(["preview", "--color", "never"]);
    expect(exitCode).to.not.equal(0);
    expect(all).to.contain("gitlab-runners-host: its first command told no ed25519 or ECDSA host key");
    expect(all).to.not.match(/\n\s+at .*\.ts:/);
  });
});

interface StateResource {
  urn: string;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}
