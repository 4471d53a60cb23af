/**
 * A stand-in for the `aws` provider (7.48), with the resources and look-ups of the stack, on an endpoint that emulates AWS.
 *
 * Differs from the real one: a property that none of the files here reads is kept in the state and sent nowhere;
 * credentials are looked for in the provider's configuration alone (nobody tells an attached provider the environment of
 * the command) and any are good; assumed roles are ignored; a refresh finds what is gone, changed tags and
 * a few values more, not every drift; nothing can be imported.
 */
import type { CheckFailure, Package } from "../framework/definition";
import type { Props } from "../framework/values";
import { addressResources } from "./addresses";
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
      ...addressResources(clientsFor),
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
    checkConfig,
  };
}

const moreInformation = "https://www.pulumi.com/registry/packages/aws/installation-configuration/";

/** In the words of the real one (pulumi-aws, provider/resources.go: validateCredentials). */
function checkConfig({ region, accessKey, secretKey, profile, skipCredentialsValidation }: Props): CheckFailure[] {
  const failure = (...lines: string[]) => [{ property: "", reason: lines.join("\n") }];
  if (region === undefined) {
    return failure(
      "missing region information",
      "Make sure you have set your AWS region, e.g. `pulumi config set aws:region us-west-2`.",
    );
  }
  const known = (accessKey !== undefined && secretKey !== undefined) || profile !== undefined;
  if (known || String(skipCredentialsValidation) === "true") return [];
  return failure(
    "No valid credential sources found.",
    `Please see ${moreInformation} for more information about providing credentials.`,
    "NEW: You can use Pulumi ESC to set up dynamic credentials with AWS OIDC to ensure the correct and valid " +
      "credentials are used.",
    `Learn more: ${moreInformation}#dynamically-generate-credentials-via-pulumi-esc`,
  );
}
