import { expect } from "chai";
import { ofType, only, plain, type Deployment } from "./support/deploy";
import { ingress, instance, run, tags } from "./support/program";
import { raw } from "./support/settings";

describe("network", () => {
  let base: Deployment;
  before(async () => (base = await run()));

  it("lets the host alone reach jobs, and administrators alone the host, on port 22 alone", () => {
    const rules = ofType(base, ingress).map(({ inputs }) => plain(inputs));
    const ssh = { ipProtocol: "tcp", fromPort: 22, toPort: 22, tags };
    expect(rules).to.have.deep.members([
      { ...ssh, securityGroupId: "gitlab-runners-host-id", cidrIpv4: "203.0.113.0/24", description: "SSH" },
      {
        ...ssh,
        securityGroupId: "gitlab-runners-task-id",
        referencedSecurityGroupId: "gitlab-runners-host-id",
        description: "SSH from the runner host",
      },
    ]);
    const groups = ofType(base, "aws:ec2/securityGroup:SecurityGroup");
    for (const { inputs } of groups) expect(inputs).to.not.have.any.keys("ingress", "egress");
  });

  it("lets hosts and jobs out to everywhere, by IPv4 and IPv6", () => {
    const rules = ofType(base, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule");
    const out = (group: string) => [
      { securityGroupId: `gitlab-runners-${group}-id`, cidrIpv4: "0.0.0.0/0" },
      { securityGroupId: `gitlab-runners-${group}-id`, cidrIpv6: "::/0" },
    ];
    expect(rules.map(({ inputs }) => plain(inputs))).to.have.deep.members(
      [...out("task"), ...out("host")].map((rule) => ({ ...rule, ipProtocol: "-1", description: "anywhere", tags })),
    );
  });

  it("is the default VPC where none is named", () => {
    expect(plain(only(base, instance).inputs)).to.include({ subnetId: "subnet-a" });
    for (const { inputs } of ofType(base, "aws:ec2/securityGroup:SecurityGroup")) {
      expect(plain(inputs)).to.include({ vpcId: "vpc-default" });
    }
  });

  it("is the one that is named, without a look-up of another", async () => {
    const network = { vpcId: "vpc-1", subnetIds: ["subnet-9", "subnet-1"] };
    const deployment = await run(raw({ network }));
    expect(deployment.calls).to.not.include("aws:ec2/getVpc:getVpc");
    const { subnetId, associatePublicIpAddress } = plain(only(deployment, instance).inputs);
    expect({ subnetId, associatePublicIpAddress }).to.deep.equal({
      subnetId: "subnet-9",
      associatePublicIpAddress: false,
    });
  });

  it("opens SSH to the hosts only to the networks that are named, however many", async () => {
    const deployment = await run(raw({ host: { adminCidrs: ["203.0.113.0/24", "2001:db8::/32"], count: 2 } }));
    const rules = ofType(deployment, ingress).map(({ inputs }) => plain(inputs));
    expect(rules.map(({ cidrIpv4, cidrIpv6 }) => cidrIpv4 ?? cidrIpv6)).to.have.members([
      "203.0.113.0/24",
      "2001:db8::/32",
      undefined,
    ]);
    for (const { fromPort, toPort } of rules) expect([fromPort, toPort]).to.deep.equal([22, 22]);
    expect(JSON.stringify(rules)).to.not.contain("/0");
  });

  it("is named where its subnets are not there, all at once, before anything is created", async () => {
    const network = { vpcId: "vpc-1", subnetIds: ["subnet-9", "subnet-1", "subnet-2"] };
    const { errors, resources } = await run(raw({ network }), { missing: ["subnet-9", "subnet-2"] });
    const said = "(invoking aws:ec2/getSubnet:getSubnet: 1 error occurred: * no matching EC2 Subnet found)";
    expect(errors.flatMap((error) => error.split("\n"))).to.deep.equal([
      `network.subnetIds: no subnet subnet-9 in vpc-1 ${said}`,
      `network.subnetIds: no subnet subnet-2 in vpc-1 ${said}`,
    ]);
    expect(resources).to.deep.equal([]);
  });

  it("says what to do where there is no default VPC, and creates nothing", async () => {
    const { errors, resources } = await run(raw(), { noDefaultVpc: true });
    expect(errors).to.have.length(1);
    expect(errors[0]).to.match(/^network: no default VPC in this region; name one by network\.vpcId/);
    expect(resources).to.deep.equal([]);
  });
});
