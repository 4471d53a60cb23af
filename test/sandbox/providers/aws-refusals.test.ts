import { expect } from "chai";
import { awsPackage } from "../../../sandbox/providers/aws";
import { UNKNOWN, type Props } from "../../../sandbox/providers/framework/values";
import { createContext } from "./support";

/** Nobody answers there, and nobody is asked. */
const endpoint = "http://127.0.0.1:1";
const { resources } = awsPackage({ endpoint });
const { context } = createContext({ config: { region: "us-east-1" } });

const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const dashboard = "aws:cloudwatch/dashboard:Dashboard";

const failures = async (type: string, inputs: Props) =>
  (await resources[type].check!(inputs, context, undefined)).failures ?? [];

describe("aws stand-in: refusals in a preview", () => {
  it("are the real provider's of a rule's network", async () => {
    const reasons = async (inputs: Props) =>
      (await failures(ingress, inputs)).map(({ reason }) => reason.split(": ").pop());
    expect(await reasons({ cidrIpv4: "203.0.113.7/24" })).to.deep.equal([
      '"203.0.113.7/24" is not a valid IPv4 CIDR block; did you mean "203.0.113.0/24"?',
    ]);
    expect(await reasons({ cidrIpv6: "2001:db8::1/32" })).to.deep.equal([
      '"2001:db8::1/32" is not a valid IPv6 CIDR block; did you mean "2001:db8::/32"?',
    ]);
    expect(await reasons({ cidrIpv4: "2001:db8::/32" })).to.deep.equal([
      '"2001:db8::/32" is not a valid IPv4 CIDR block',
    ]);
    for (const good of ["0.0.0.0/0", "203.0.113.7/32", UNKNOWN]) {
      expect(await reasons({ cidrIpv4: good }), good).to.deep.equal([]);
    }
    expect(await reasons({ cidrIpv6: "::/0" })).to.deep.equal([]);
  });

  it("are the real provider's of a rule without one source", async () => {
    for (const inputs of [{}, { cidrIpv4: "10.0.0.0/8", cidrIpv6: "::/0" }] as Props[]) {
      expect((await failures(ingress, inputs))[0].reason).to.match(/Exactly one of these attributes/);
    }
    expect(await failures(ingress, { referencedSecurityGroupId: UNKNOWN })).to.deep.equal([]);
  });

  it("are the real provider's of a dashboard's name", async () => {
    const [{ property, reason }] = await failures(dashboard, { dashboardName: "runners-dev.eu" });
    expect(property).to.equal("dashboardName");
    expect(reason).to.contain(`doesn't comply with restrictions ("^[0-9A-Za-z_-]+$"): "runners-dev.eu"`);
    expect(await failures(dashboard, { dashboardName: "x".repeat(256) })).to.have.length(1);
    expect(await failures(dashboard, { dashboardName: "runners-dev_eu" })).to.deep.equal([]);
  });
});
