import { expect } from "chai";
import { awsPackage } from "../../../sandbox/providers/aws";
import { clientFactory } from "../../../sandbox/providers/aws/clients";
import { awsResource } from "../../../sandbox/providers/aws/common";
import { UNKNOWN, type Props } from "../../../sandbox/providers/framework/values";
import { createContext, rejection } from "./support";

/** Nobody answers there: what is not refused before it is sent fails with another error. */
const endpoint = "http://127.0.0.1:1";
const { resources } = awsPackage({ endpoint });
const { context } = createContext({ config: { region: "us-east-1" } });

const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const egress = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule";
const group = "aws:ec2/securityGroup:SecurityGroup";
const dashboard = "aws:cloudwatch/dashboard:Dashboard";

const refusal = async (type: string, inputs: Props) => {
  const { name, message } = await rejection(resources[type].create(inputs, context));
  return `${name}: ${message}`;
};
const failures = async (type: string, inputs: Props) =>
  (await resources[type].check!(inputs, context, undefined)).failures ?? [];

const texts = "strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";

describe("aws stand-in: refusals in a deployment", () => {
  it("are EC2's of a group's name and description", async () => {
    const refused = "InvalidParameterValue: Invalid security group description. Valid descriptions are ";
    for (const description of ["the host's", "a — b", "x".repeat(256)]) {
      expect(await refusal(group, { name: "g", description }), description).to.equal(refused + texts);
    }
    const names = "InvalidParameterValue: Invalid security group name. Valid names are non-empty ";
    expect(await refusal(group, { name: "sg-1", description: "d" })).to.match(new RegExp(`^${names}`));
  });

  it("are EC2's of a rule's description, made or changed", async () => {
    const refused = `InvalidParameterValue: Invalid rule description. Valid descriptions are ${texts}`;
    const inputs = { securityGroupId: "sg-1", cidrIpv4: "10.0.0.0/8", ipProtocol: "-1", description: "host's" };
    expect(await refusal(egress, inputs)).to.equal(refused);
    expect(await refusal(ingress, inputs)).to.equal(refused);
    const { message } = await rejection(resources[ingress].update!("sgr-1", inputs, inputs, context));
    expect(message).to.contain("Invalid rule description");
  });

  it("are those of tags that no service takes", async () => {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, "v"]));
    const refused: [Record<string, string>, RegExp][] = [
      [{ "aws:team": "x" }, /reserved for internal use/],
      [{ "AWS:team": "x" }, /reserved for internal use/],
      [{ "k%": "x" }, /Value 'k%' at 'tags' failed to satisfy constraint/],
      [{ k: "<x>" }, /Value '<x>' at 'tags' failed to satisfy constraint/],
      [{ ["k".repeat(129)]: "x" }, /length up to 128/],
      [{ k: "x".repeat(257) }, /length up to 256/],
      [many, /maximum number of tags per resource is 50/],
    ];
    for (const [tags, message] of refused) {
      expect(await refusal(group, { name: "g", description: "d", tags })).to.match(message);
      const old = { name: "g", description: "d" };
      const updating = resources[group].update!("sg-1", old, { ...old, tags }, context);
      expect((await rejection(updating)).message).to.match(message);
    }
  });

  it("are IAM's of two keys that differ in case alone, and nobody else's", async () => {
    const made: Props[] = [];
    const resource = {
      create: async (inputs: Props) => ({ id: `${made.push(inputs)}`, outputs: inputs }),
      delete: async () => {},
    };
    const create = (global: boolean) =>
      awsResource(clientFactory(endpoint), { tagged: true, global }, resource).create(
        { tags: { team: "a", Team: "b" } },
        context,
      );
    expect((await rejection(create(true))).message).to.contain("Tag keys are case insensitive");
    await create(false);
    expect(made).to.have.length(1);
  });
});

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
