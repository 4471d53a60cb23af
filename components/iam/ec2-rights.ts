/** What the AWS provider does in EC2 for each type of resource that the program has. */
import type { Rights } from "./rights";

const securityGroupRule: Rights = {
  read: { any: ["ec2:DescribeSecurityGroupRules"] },
  write: {
    "ec2-tagged": [
      "ec2:AuthorizeSecurityGroupEgress",
      "ec2:AuthorizeSecurityGroupIngress",
      "ec2:ModifySecurityGroupRules",
      "ec2:RevokeSecurityGroupEgress",
      "ec2:RevokeSecurityGroupIngress",
    ],
  },
};

export const ec2Rights: Readonly<Record<string, Rights>> = {
  "aws:ec2/eip:Eip": {
    read: { any: ["ec2:DescribeAddresses", "ec2:DescribeAddressesAttribute", "ec2:DescribeNetworkInterfaces"] },
    write: { "ec2-tagged": ["ec2:DisassociateAddress", "ec2:ReleaseAddress"] },
  },
  "aws:ec2/eipAssociation:EipAssociation": {
    read: { any: ["ec2:DescribeAddresses"] },
    write: { "ec2-tagged": ["ec2:AssociateAddress", "ec2:DisassociateAddress"] },
  },
  "aws:ec2/instance:Instance": {
    read: {
      any: [
        "ec2:DescribeIamInstanceProfileAssociations",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceAttribute",
        "ec2:DescribeInstanceCreditSpecifications",
        "ec2:DescribeInstanceStatus",
        "ec2:DescribeInstances",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DescribeTags",
        "ec2:DescribeVolumes",
        "ec2:DescribeVolumesModifications",
        "ec2:DescribeVpcs",
      ],
      "instance-profile": ["iam:GetInstanceProfile"],
    },
    write: {
      "ec2-tagged": [
        "ec2:AssociateIamInstanceProfile",
        "ec2:DisassociateIamInstanceProfile",
        "ec2:ModifyInstanceAttribute",
        "ec2:ModifyInstanceCreditSpecification",
        "ec2:ModifyInstanceMetadataOptions",
        "ec2:ModifyVolume",
        "ec2:MonitorInstances",
        "ec2:ReplaceIamInstanceProfileAssociation",
        "ec2:StartInstances",
        "ec2:StopInstances",
        "ec2:TerminateInstances",
        "ec2:UnmonitorInstances",
      ],
    },
  },
  "aws:ec2/keyPair:KeyPair": {
    read: { any: ["ec2:DescribeKeyPairs"] },
    write: { "ec2-tagged": ["ec2:DeleteKeyPair"] },
  },
  "aws:ec2/securityGroup:SecurityGroup": {
    read: { any: ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"] },
    // AWS gives a new group a rule that lets everything out, and the provider takes it away.
    write: { "ec2-tagged": ["ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupEgress"] },
  },
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": securityGroupRule,
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": securityGroupRule,
};
