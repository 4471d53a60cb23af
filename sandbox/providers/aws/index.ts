/**
 * A stand-in for the `aws` provider (7.48), with the resources and look-ups of the stack, on an endpoint that emulates AWS.
 *
 * Differs from the real one: a property that none of the files here reads is kept in the state and sent nowhere;
 * credentials and assumed roles of the provider's configuration are ignored; a refresh finds what is gone, changed tags and
 * a few values more, not every drift; nothing can be imported.
 */
import type { Package } from "../framework/definition";
import { clientFactory } from "./clients";
import { cloudwatchResources } from "./cloudwatch";
import { ec2Resources } from "./ec2";
import { ecrResources } from "./ecr";
import { ecsResources } from "./ecs";
import { awsFunctions } from "./functions";
import { iamResources } from "./iam";
import { iamPolicyResources } from "./iam-policies";
import { keyPairResources } from "./key-pairs";
import { logResources } from "./logs";
import { s3Resources } from "./s3";
import { s3SettingResources } from "./s3-settings";
import { securityGroupResources } from "./security-groups";
import { snsResources } from "./sns";

export function awsPackage(options: { endpoint: string }): Package {
  const clientsFor = clientFactory(options.endpoint);
  return {
    name: "aws",
    version: "7.48.0",
    resources: {
      ...cloudwatchResources(clientsFor),
      ...ec2Resources(clientsFor),
      ...ecrResources(clientsFor),
      ...ecsResources(clientsFor),
      ...iamResources(clientsFor),
      ...iamPolicyResources(clientsFor),
      ...keyPairResources(clientsFor),
      ...logResources(clientsFor),
      ...s3Resources(clientsFor),
      ...s3SettingResources(clientsFor),
      ...securityGroupResources(clientsFor),
      ...snsResources(clientsFor),
    },
    functions: awsFunctions(clientsFor),
  };
}
