/** moto behind the sandbox's gate, on ports of its own: AWS as far as IAM and records go, without a sandbox. */
import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { EC2Client } from "@aws-sdk/client-ec2";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { createServiceLinkedRole } from "../../../sandbox/aws/ecs/service-linked-role";
import { Authorizer } from "../../../sandbox/aws/iam/authorizer";
import { createEc2Records } from "../../../sandbox/aws/iam/ec2-records";
import { createGate } from "../../../sandbox/aws/iam/gate";
import { assumedRole, type Principal } from "../../../sandbox/aws/iam/principal";
import { refusal } from "../../../sandbox/aws/iam/refusal";
import { RolePolicies } from "../../../sandbox/aws/iam/role-policies";
import { createBucketKey } from "../../../sandbox/aws/s3/bucket-key";
import { AwsError } from "../../../sandbox/aws/protocol";
import { accountId, region } from "../../../sandbox/config";
import { startMoto } from "../../support/moto";

const host = "127.0.0.1";

/** @param folder for moto's log */
export async function startGatedMoto(moto: string, folder: string) {
  const service = await startMoto(moto, folder);
  const { port } = service.address;
  const placeholders = { accessKeyId: "administrator", secretAccessKey: "administrator" };
  const settings = { endpoint: `http://${host}:${port}`, region, credentials: placeholders };
  const [iam, ec2, sts] = [new IAMClient(settings), new EC2Client(settings), new STSClient(settings)];
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  await createServiceLinkedRole(iam);

  const policies = new RolePolicies(iam);
  const principals = new Map<string, Principal>();
  const gate = createGate({
    authorizer: new Authorizer(policies, () => {}),
    principal: (key) => principals.get(key),
    taskDefinition: async () => {
      throw new Error("nothing runs tasks here");
    },
    ec2: createEc2Records({ ec2, iam }),
    bucketKey: createBucketKey(s3),
    changed: () => policies.forget(),
  });

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = await buffer(request);
    try {
      const { answered } = await gate(request, async () => body);
      const headers = { ...request.headers, "content-length": String(body.length) };
      const upstream = http.request({ host, port, method: request.method, path: request.url, headers });
      const [found] = (await once(upstream.end(body), "response")) as [http.IncomingMessage];
      answered?.(found.statusCode ?? 502);
      found.pipe(response.writeHead(found.statusCode ?? 502, found.headers));
    } catch (error) {
      const known = error instanceof AwsError ? error : new AwsError("ServerException", (error as Error).message, 500);
      const { status, headers, body: text } = refusal(request, known);
      response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : text);
    }
  }
  const server = http.createServer((request, response) => void answer(request, response)).listen(0, host);
  await once(server, "listening");

  return {
    endpoint: `http://${host}:${(server.address() as AddressInfo).port}`,
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
      for (const client of [iam, ec2, sts, s3]) client.destroy();
      server.close();
      server.closeAllConnections();
      await service.close();
    },
  };
}
