/** What becomes of the host: changes that keep it, that stop it, and that replace it. */
import { DescribeVolumesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { expect } from "chai";
import { awsEndpoint } from "../../sandbox/config";
import { deploy, pulumi, pulumiOk } from "../support/engine";
import { scratch } from "../support/scratch";
import { status, useSandbox } from "../support/sandbox";
import { exportStack, withSettings } from "../support/stack";

interface Step {
  op: string;
  urn: string;
  newState?: { inputs: Record<string, unknown> };
  oldState?: { inputs: Record<string, unknown> };
}

const instance = "aws:ec2/instance:Instance";

describe("a change's plan", () => {
  useSandbox();
  const folder = scratch();
  after(() => folder.remove());

  /** The engine's steps for the host. */
  async function planned(settings: Record<string, unknown>) {
    const file = await withSettings(folder, settings);
    const { stdout } = await pulumiOk(["preview", "--json", "--config-file", file]);
    const { steps } = JSON.parse(stdout) as { steps: Step[] };
    const host = steps.filter(({ urn }) => urn.includes(`${instance}::`));
    return { host, ops: host.map(({ op }) => op) };
  }

  it("replaces the host for another architecture, with that architecture's image", async () => {
    const { host, ops } = await planned({ "host.architecture": "arm64" });
    expect(ops).to.deep.equal(["replace"]);
    const [{ newState, oldState }] = host;
    expect(newState?.inputs.instanceType).to.equal("t4g.small");
    expect(newState?.inputs.ami).to.match(/^ami-/).and.not.equal(oldState?.inputs.ami);
  });

  it("is refused in a preview where AWS would refuse it later", async () => {
    const file = await withSettings(folder, { tags: { "aws:team": "x" }, "host.adminCidrs": ["172.31.0.5/16"] });
    const { exitCode, all } = await pulumi(["preview", "--config-file", file]);
    expect(exitCode).to.not.equal(0);
    expect(all).to.contain(`tags["aws:team"]: keys that begin with aws: are AWS's own`);
    expect(all).to.contain("host.adminCidrs[0]: 172.31.0.5/16 has host bits; the network is 172.31.0.0/16");
  });

  it("warns that no runner will exist", async () => {
    const file = await withSettings(folder, { groups: [] });
    const { all } = await pulumiOk(["preview", "--config-file", file]);
    expect(all).to.match(/warning: gitlab-fargate-runners:groups, projects, instanceRunners: no entry;/);
  });

  it("tags the host and its volume, and keeps both", async () => {
    const [before] = (await status()).hosts.filter(({ state }) => state === "running");
    const tags = { team: "größe/data: a=b" };
    await deploy(await withSettings(folder, { tags }));
    const [after] = (await status()).hosts.filter(({ state }) => state === "running");
    expect(after).to.deep.equal(before);
    const { resources } = await exportStack();
    const { outputs } = resources.find(({ type }) => type === instance)!;
    expect(outputs!.tags).to.include(tags);
    const ec2 = new EC2Client({
      region: "us-east-1",
      endpoint: awsEndpoint,
      credentials: { accessKeyId: "sandbox", secretAccessKey: "sandbox" },
    });
    const Filters = [{ Name: "attachment.instance-id", Values: [before.instanceId] }];
    const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ Filters }));
    expect(Volumes.map((volume) => volume.Tags)).to.have.length(1);
    expect(Volumes[0].Tags).to.deep.include({ Key: "team", Value: tags.team });
    await deploy();
  });
});
