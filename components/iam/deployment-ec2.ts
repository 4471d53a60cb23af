/**
 * What a deployment may do in EC2, whose resources have no names: it makes only what carries the stack's tag from its
 * first moment, and touches only what carries it.
 */
import { stackTag } from "../names";
import type { Statement } from "./documents";

/** @param arn the ARN of a type of EC2's resources: "instance/*" */
export function instanceStatements(
  actions: string[],
  {
    arn,
    imageArn,
    keyPair,
    stack,
  }: { arn(resource: string): string; imageArn: string; keyPair: string; stack: string },
): Statement[] {
  const operator = stack === "*" ? "StringLike" : "StringEquals";
  const requested = { [operator]: { [`aws:RequestTag/${stackTag}`]: stack } };
  const carried = { [operator]: { [`aws:ResourceTag/${stackTag}`]: stack } };
  const statement = (
    Sid: string,
    Action: string[],
    Resource: string[],
    Condition?: Statement["Condition"],
  ): Statement => ({
    Sid,
    Effect: "Allow",
    Action,
    Resource,
    ...(Condition && { Condition }),
  });
  // The tag confines these, so that their types need not be listed: a policy has room for 6144 characters.
  const all = [arn("*")];
  const creating = ["AllocateAddress", "CreateSecurityGroup", "ImportKeyPair", "RunInstances"];
  return [
    statement(
      "MakeTagged",
      creating.map((name) => `ec2:${name}`),
      all,
      requested,
    ),
    // What a new instance consists of and refers to.
    statement(
      "StartInstance",
      ["ec2:RunInstances"],
      [imageArn, ...["network-interface/*", "subnet/*", "volume/*"].map(arn)],
    ),
    statement("StartInstanceWithOwn", ["ec2:RunInstances"], [keyPair, "security-group/*"].map(arn), carried),
    statement("MakeGroupIn", ["ec2:CreateSecurityGroup"], [arn("vpc/*")]),
    statement("TagWhatIsMade", ["ec2:CreateTags"], all, {
      ...requested,
      ["ForAnyValue:StringEquals"]: { "ec2:CreateAction": creating },
    }),
    // The provider tags rules and volumes only once they are there.
    statement("TagRulesAndVolumes", ["ec2:CreateTags"], ["security-group-rule/*", "volume/*"].map(arn), requested),
    statement("ChangeTagged", [...actions, "ec2:CreateTags", "ec2:DeleteTags"].sort(), all, carried),
    // A rule that is to be made has no tag yet, and an instance's interface gets none: their groups and instances do.
    statement(
      "ChangePartsOfTagged",
      [
        "ec2:AssociateAddress",
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:DisassociateAddress",
        "ec2:ModifyNetworkInterfaceAttribute",
        "ec2:ModifySecurityGroupRules",
      ],
      ["network-interface/*", "security-group-rule/*"].map(arn),
    ),
  ];
}
