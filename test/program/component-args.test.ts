import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { FargateRunners, type FargateRunnersArgs } from "../../components/fargate-runners";
import { lookUp } from "../../components/look-ups/look-ups";
import { parseSettings } from "../../components/settings/settings";
import { deploy, ofType, only, plain, type Deployment } from "./support/deploy";
import { byName, command, instance, run } from "./support/program";
import { raw } from "./support/settings";

const network = { vpcId: "vpc-1", subnetIds: ["subnet-b", "subnet-a"] };
const token = "glrt-given";

const create = (args: () => FargateRunnersArgs): Promise<Deployment> =>
  deploy(() => void new FargateRunners("gitlab-runners", args()));

describe("FargateRunners, used as a class", () => {
  it("takes outputs of other resources where it takes values, and deploys the same", async () => {
    const settings = raw({ network, host: { count: 2 } });
    const values = await run(settings);
    const outputs = await deploy(async () => {
      const parsed = parseSettings(settings);
      const found = await lookUp(parsed);
      const asOutput = <S extends { id: string }>(subnet: S) => ({ ...subnet, id: pulumi.output(subnet.id) });
      return new FargateRunners("gitlab-runners", {
        settings: parsed,
        network: { vpcId: pulumi.output(found.network.vpcId), subnets: found.network.subnets.map(asOutput) },
        hostSubnets: found.hostSubnets.map(asOutput),
        amiId: pulumi.output(found.amiId),
        owners: new Map([...found.owners].map(([key, id]) => [key, pulumi.output(id)])),
      });
    });
    expect(outputs.errors).to.deep.equal([]);
    expect(byName(outputs)).to.deep.equal(byName(values));
  });

  it("needs no look-up where the entries have tokens and the network is given", async () => {
    const subnets = [
      { id: "subnet-b", zone: "b" },
      { id: "subnet-a", zone: "a" },
    ];
    const deployment = await create(() => ({
      settings: parseSettings(raw({ network, groups: [{ path: "acme/data", token }] })),
      network: { vpcId: "vpc-1", subnets },
      amiId: "ami-1",
    }));
    expect(deployment.errors).to.deep.equal([]);
    expect(deployment.calls).to.deep.equal([]);
    expect(only(deployment, instance).inputs).to.include({ ami: "ami-1", subnetId: "subnet-b" });
    expect(only(deployment, instance).ignoreChanges).to.have.members(["ami", "associatePublicIpAddress", "userData"]);
    const sources = ofType(deployment, "command:remote:CopyToRemote").map(({ inputs }) => inputs.source);
    for (const source of sources) expect(source).to.include({ path: "driver/" });
    const { stdin } = plain<{ stdin: string }>(only(deployment, command, "gitlab-runners-host-config-toml").inputs);
    expect(stdin).to.contain(`token = "${token}"`);
  });

  it("refuses an entry whose runner it is to create for a group that it is not told the id of", async () => {
    const { errors } = await create(() => ({
      settings: parseSettings(raw({ network })),
      network: { vpcId: "vpc-1", subnets: [{ id: "subnet-a", zone: "a" }] },
      amiId: "ami-1",
    }));
    expect(errors).to.have.length(1);
    expect(errors[0]).to.contain("owners").and.contain("group/acme/backend");
  });
});
