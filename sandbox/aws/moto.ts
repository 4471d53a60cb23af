/** AWS's control plane: moto in server mode, on loopback, behind the front. */
import * as path from "node:path";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ECRClient } from "@aws-sdk/client-ecr";
import { IAMClient } from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { accountId, ports, region } from "../config";
import { AwsError } from "./protocol";
import { startService } from "./service";

/** moto's own address; everybody else goes through the front. */
export const motoAddress = { host: "127.0.0.1", port: ports.moto } as const;
const endpoint = `http://${motoAddress.host}:${motoAddress.port}`;

/** What the stand-ins ask of moto. moto accepts any credentials, so these are placeholders. */
export interface Moto {
  ec2: EC2Client;
  iam: IAMClient;
  sts: STSClient;
  logs: CloudWatchLogsClient;
  s3: S3Client;
  /** One ECS action in its wire form. @throws AwsError as moto answered it */
  ecs<Answer>(action: string, body: object): Promise<Answer>;
  ecr: ECRClient;
  close(): Promise<void>;
}

export async function startMoto(options: { executable: string; stateDir: string }): Promise<Moto> {
  const service = await startService({
    name: "moto",
    command: options.executable,
    args: ["-H", motoAddress.host, "-p", String(motoAddress.port)],
    env: {
      ...process.env,
      MOTO_ACCOUNT_ID: accountId,
      AWS_DEFAULT_REGION: region,
    },
    ...motoAddress,
    logFile: path.join(options.stateDir, "moto.log"),
  });
  const settings = { endpoint, region, credentials: { accessKeyId: "sandbox", secretAccessKey: "sandbox" } };
  const clients = {
    ec2: new EC2Client(settings),
    ecr: new ECRClient(settings),
    iam: new IAMClient(settings),
    sts: new STSClient(settings),
    logs: new CloudWatchLogsClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
  };
  return {
    ...clients,
    ecs: callEcs,
    async close() {
      for (const client of Object.values(clients)) client.destroy();
      await service.close();
    },
  };
}

async function callEcs<Answer>(action: string, body: object): Promise<Answer> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `AmazonEC2ContainerServiceV20141113.${action}`,
      authorization: `AWS4-HMAC-SHA256 Credential=sandbox/20260101/${region}/ecs/aws4_request`,
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text) as Answer;
  let error: { __type?: string; message?: string } = {};
  try {
    error = JSON.parse(text) as typeof error;
  } catch {
    // moto answers an internal error with a page.
  }
  throw new AwsError(error.__type ?? "ServerException", error.message ?? `moto: ${response.status} on ${action}`);
}
