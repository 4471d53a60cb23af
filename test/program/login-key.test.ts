import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { FargateRunners } from "../../components/fargate-runners";
import { lookUp } from "../../components/look-ups/look-ups";
import { stackOutputs } from "../../components/outputs";
import { parseSettings } from "../../components/settings/settings";
import { publicKeyOf } from "../../components/host/key-pair";
import { deploy, isSecret, ofType, only, plain, type Deployment } from "./support/deploy";
import { command, run } from "./support/program";
import { privateKey, publicKey, raw } from "./support/settings";

const localCommand = "command:local:Command";
const loginKey = "gitlab-runners-host-login-key";
const keyPair = "aws:ec2/keyPair:KeyPair";
// It cannot know a key that is made later.
const proxy = { host: "bastion", hostKey: publicKey, privateKey };
const withoutKeys = raw({ host: { publicKey: undefined, privateKey: undefined, connection: { proxy } } });

describe("the key that the deployment logs in with", () => {
  let base: Deployment;
  before(async () => (base = await run(withoutKeys)));

  it("is made by the first deployment where none is given, and kept as a secret by a command that runs nothing", () => {
    const { inputs, fresh, secretOutputs } = only(base, localCommand, loginKey);
    expect(inputs).to.deep.equal({});
    expect(isSecret(fresh.stdin)).to.equal(true);
    expect(secretOutputs).to.deep.equal(["stdin"]);
    expect(plain<string>(fresh.stdin)).to.match(/^-----BEGIN OPENSSH PRIVATE KEY-----\n[^]*-----\n$/);
  });

  it("opens the hosts, and not the machine before them, which has a key of its own", () => {
    const made = plain<string>(only(base, localCommand, loginKey).fresh.stdin);
    const { inputs } = only(base, keyPair);
    expect(inputs.publicKey).to.equal(publicKeyOf(made));
    const commands = ofType(base, command);
    expect(commands).to.not.be.empty;
    for (const { inputs } of commands) {
      expect(plain(inputs.connection)).to.include({ privateKey: made });
      expect(plain<{ proxy: object }>(inputs.connection).proxy).to.include({ privateKey: `${privateKey}\n` });
    }
    const outsideSecrets = JSON.stringify(base.resources, (_, value) => (isSecret(value) ? "[secret]" : value));
    expect(outsideSecrets).to.not.contain("OPENSSH PRIVATE KEY");
  });

  it("is the one that is given, and then no other is made or told", async () => {
    const outputs = await outputsOf(raw());
    expect(outputs).to.not.have.property("privateKey");
    const given = await run();
    expect(ofType(given, localCommand).map(({ name }) => name)).to.not.include(loginKey);
    expect(plain(only(given, command, "gitlab-runners-host-runner").inputs.connection)).to.include({
      privateKey: `${privateKey}\n`,
    });
  });

  it("is a secret output of the stack where it was made", async () => {
    const { privateKey: told } = await outputsOf(withoutKeys);
    expect(await pulumi.isSecret(told!)).to.equal(true);
  });
});

async function outputsOf(settings: Record<string, unknown>) {
  let outputs: ReturnType<typeof stackOutputs> | undefined;
  const { errors } = await deploy(async () => {
    const parsed = parseSettings(settings);
    outputs = stackOutputs(new FargateRunners("gitlab-runners", { settings: parsed, ...(await lookUp(parsed)) }));
  });
  expect(errors).to.deep.equal([]);
  return outputs!;
}
