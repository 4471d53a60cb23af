import { expect } from "chai";
import type { IpPermission } from "@aws-sdk/client-ec2";
import { Firewall, packetRules } from "../../../sandbox/aws/ec2/firewall";

const group = (GroupId: string, ingress: IpPermission[], egress: IpPermission[] = []) => ({
  GroupId,
  IpPermissions: ingress,
  IpPermissionsEgress: egress,
});
const nobody = () => [];
/** The rules of one direction that let something through by a group's rules. */
const opened = (rules: string, chain: "INPUT" | "OUTPUT") =>
  rules.split("\n").filter((line) => new RegExp(`^-A ${chain} -[sd] (?!169\\.254).*ACCEPT$`).test(line));

describe("security groups as packet rules", () => {
  it("let in and out what a group's rules say, by network, protocol and ports", () => {
    const rules = packetRules(
      [
        group(
          "sg-1",
          [
            { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "172.31.0.0/16" }] },
            { IpProtocol: "icmp", FromPort: 8, ToPort: -1, IpRanges: [{ CidrIp: "0.0.0.0/0" }] },
            { IpProtocol: "icmp", FromPort: 3, ToPort: 4, IpRanges: [{ CidrIp: "0.0.0.0/0" }] },
          ],
          [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }], Ipv6Ranges: [{ CidrIpv6: "::/0" }] }],
        ),
        group("sg-2", [{ IpProtocol: "udp", FromPort: 53, ToPort: 60, IpRanges: [{ CidrIp: "10.0.0.0/8" }] }]),
      ],
      nobody,
    );
    expect(opened(rules, "INPUT")).to.deep.equal([
      "-A INPUT -s 172.31.0.0/16 -p tcp --dport 22:22 -j ACCEPT",
      "-A INPUT -s 0.0.0.0/0 -p icmp --icmp-type 8 -j ACCEPT",
      "-A INPUT -s 0.0.0.0/0 -p icmp --icmp-type 3/4 -j ACCEPT",
      "-A INPUT -s 10.0.0.0/8 -p udp --dport 53:60 -j ACCEPT",
    ]);
    expect(opened(rules, "OUTPUT")).to.deep.equal(["-A OUTPUT -d 0.0.0.0/0 -j ACCEPT"]);
  });

  it("let the members of another group in by their addresses, and nobody where it has none", () => {
    const permission = { IpProtocol: "tcp", FromPort: 22, ToPort: 22, UserIdGroupPairs: [{ GroupId: "sg-hosts" }] };
    const tasks = group("sg-tasks", [permission]);
    const hosts = (id: string) => (id === "sg-hosts" ? ["172.31.0.9", "172.31.0.8"] : []);
    expect(opened(packetRules([tasks], hosts), "INPUT")).to.deep.equal([
      "-A INPUT -s 172.31.0.9 -p tcp --dport 22:22 -j ACCEPT",
      "-A INPUT -s 172.31.0.8 -p tcp --dport 22:22 -j ACCEPT",
    ]);
    expect(opened(packetRules([tasks], nobody), "INPUT")).to.deep.equal([]);
  });

  it("drop all else, but no answer, nothing on loopback and nothing to AWS's metadata", () => {
    const lines = packetRules([group("sg-1", [])], nobody).split("\n");
    const of = (chain: string) => lines.filter((line) => line.startsWith(`-A ${chain} `));
    for (const chain of ["INPUT", "OUTPUT"]) {
      expect(of(chain).at(-1)).to.equal(`-A ${chain} -j DROP`);
      expect(of(chain).join("\n"))
        .to.contain("ESTABLISHED,RELATED")
        .and.to.match(/ ! -[io] eth0 /);
    }
    expect(of("OUTPUT").join("\n")).to.contain("-d 169.254.169.254 ").and.to.contain("-d 169.254.170.2 ");
  });

  it("change with each call that changes groups or their members, and with no other", () => {
    const { concerns } = Firewall.prototype;
    for (const action of [
      "CreateSecurityGroup",
      "AuthorizeSecurityGroupIngress",
      "RevokeSecurityGroupEgress",
      "ModifySecurityGroupRules",
      "DeleteSecurityGroup",
      "ModifyInstanceAttribute",
      "ModifyNetworkInterfaceAttribute",
    ]) {
      expect(concerns(action), action).to.equal(true);
    }
    for (const action of ["DescribeSecurityGroupRules", "RunInstances", "ModifyVolume"]) {
      expect(concerns(action), action).to.equal(false);
    }
  });
});
