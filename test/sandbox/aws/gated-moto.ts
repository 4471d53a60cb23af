/** moto behind the sandbox's gate, on ports of its own: AWS as far as IAM and records go, without a sandbox. */
import { CreateRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand } from "@aws-sdk/client-sts";
import { createServiceLinkedRole } from "../../../sandbox/aws/ecs/service-linked-role";
import { startFront, type FrontOptions } from "../../../sandbox/aws/front";
import { Authorizer } from "../../../sandbox/aws/iam/authorizer";
import { createEc2Records } from "../../../sandbox/aws/iam/ec2-records";
import { createGate } from "../../../sandbox/aws/iam/gate";
import { assumedRole, type Principal } from "../../../sandbox/aws/iam/principal";
import { RolePolicies } from "../../../sandbox/aws/iam/role-policies";
import { startMoto } from "../../../sandbox/aws/moto";
import { createBucketKey } from "../../../sandbox/aws/s3/bucket-key";
import { createBucketPolicies } from "../../../sandbox/aws/s3/bucket-policies";
import { accountId, region } from "../../../sandbox/config";
import { freePort } from "../../support/free-port";

const host = "127.0.0.1";

/**
 * @param python of moto's environment
 * @param folder for moto's log
 * @param over what the front does otherwise than to leave the answer to moto
 */
export async function startGatedMoto(python: string, folder: string, over: Partial<FrontOptions> = {}) {
  const address = { host, port: await freePort(host) };
  const moto = await startMoto({ python, stateDir: folder, address });
  const { iam, ec2, sts, s3 } = moto;
  await createServiceLinkedRole(iam);

  const policies = new RolePolicies(iam);
  const principals = new Map<string, Principal>();
  const admit = createGate({
    authorizer: new Authorizer(policies, () => {}),
    principal: (key) => principals.get(key),
    taskDefinition: async () => {
      throw new Error("nothing runs tasks here");
    },
    ec2: createEc2Records({ ec2, iam }),
    bucketKey: createBucketKey(s3),
    bucketPolicies: createBucketPolicies(s3),
    changed: () => policies.forget(),
  });

  const front = await startFront({
    moto: address,
    listen: { host, port: 0 },
    admit,
    ecs: async () => undefined,
    ec2: async () => undefined,
    registryPassword: () => ({}),
    assumeRole: async () => () => {},
    vcpuQuota: () => Number.MAX_SAFE_INTEGER,
    log: () => {},
    ...over,
  });

  return {
    endpoint: `http://${host}:${front.port}`,
    moto,
    /** The configuration of an AWS provider with the credentials of a role that has these policies, and no others. */
    async actingAs(RoleName: string, documents: Record<string, string>) {
      const Statement = [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: accountId } }];
      const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
      const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
      for (const [PolicyName, PolicyDocument] of Object.entries(documents)) {
        await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
      }
      const assume = new AssumeRoleCommand({ RoleArn: Role!.Arn, RoleSessionName: "test" });
      const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = (await sts.send(assume)).Credentials ?? {};
      principals.set(AccessKeyId, assumedRole(Role!.Arn!, "test"));
      return { region, accessKey: AccessKeyId, secretKey: SecretAccessKey, token: SessionToken };
    },
    async close() {
      await front.close();
      await moto.close();
    },
  };
}
