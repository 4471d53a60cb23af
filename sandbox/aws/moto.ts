/**
 * AWS's control plane: moto in server mode, on loopback, behind the front. models/ holds each of its requests to AWS's own
 * models.
 */
import * as path from "node:path";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ECRClient } from "@aws-sdk/client-ecr";
import { IAMClient } from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { accountId, region } from "../config";
import { AwsError } from "./protocol";
import type { Address } from "./server";
import { startService } from "./service";

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

export interface MotoOptions {
  /** The interpreter of moto's environment. */
  python: string;
  stateDir: string;
  /** Its own; everybody else goes through the front. */
  address: Address;
}

export async function startMoto({ python, stateDir, address }: MotoOptions): Promise<Moto> {
  const { host, port } = address;
  const endpoint = `http://${host}:${port}`;
  const service = await startService({
    name: "moto",
    command: python,
    args: [path.join(__dirname, "models/server.py"), "-H", host, "-p", String(port)],
    env: {
      ...process.env,
      MOTO_ACCOUNT_ID: accountId,
      AWS_DEFAULT_REGION: region,
      PYTHONDONTWRITEBYTECODE: "1",
    },
    host,
    port,
    logFile: path.join(stateDir, "moto.log"),
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
    ecs: (action, body) => callEcs(endpoint, action, body),
    async close() {
      for (const client of Object.values(clients)) client.destroy();
      await service.close();
    },
  };
}

async function callEcs<Answer>(endpoint: string, action: string, body: object): Promise<Answer> {
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
