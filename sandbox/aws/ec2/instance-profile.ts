import { GetInstanceProfileCommand, type IAMClient } from "@aws-sdk/client-iam";
import { AwsError } from "../protocol";

/** As the real provider knows EC2's refusals, which it repeats. @throws AwsError where EC2 does not see the profile */
export async function requireProfile(iam: Pick<IAMClient, "send">, name: string): Promise<void> {
  const refuse = (message: string) => new AwsError("InvalidParameterValue", message);
  const found = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName: name })).catch((error: Error) => {
    if (!error.name.startsWith("NoSuchEntity")) throw error;
    throw refuse(`Value (${name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`);
  });
  if (!found.InstanceProfile?.Roles?.length) {
    throw refuse(`IAM Instance Profile "${found.InstanceProfile?.Arn}" has no associated IAM Roles`);
  }
}
