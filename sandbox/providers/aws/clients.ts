/** AWS clients of a provider's configuration, and what every AWS resource has in common: region and tags. */
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ECRClient } from "@aws-sdk/client-ecr";
import { ECSClient } from "@aws-sdk/client-ecs";
import { IAMClient } from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";
import { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { SNSClient } from "@aws-sdk/client-sns";
import { SSMClient } from "@aws-sdk/client-ssm";
import type { Context } from "../framework/definition";
import type { Props } from "../framework/values";

/** Used where the provider's configuration names no keys: the emulated AWS takes any. */
const anyCredentials = { accessKeyId: "sandbox", secretAccessKey: "sandbox" };

export interface Clients {
  region: string;
  cloudwatch: CloudWatchClient;
  ec2: EC2Client;
  ecs: ECSClient;
  ecr: ECRClient;
  iam: IAMClient;
  logs: CloudWatchLogsClient;
  quotas: ServiceQuotasClient;
  s3: S3Client;
  sns: SNSClient;
  ssm: SSMClient;
}

/** Clients by region and access key, made once. A resource's own `region` goes before the provider's. */
export type ClientsFor = (context: Pick<Context, "config">, properties?: Props) => Clients;

export function clientFactory(endpoint: string): ClientsFor {
  const made = new Map<string, Clients>();
  return (context, properties) => {
    const region = properties?.region ?? context.config.region;
    if (typeof region !== "string") throw new Error("no region: set aws:region in the stack's configuration");
    const credentials = credentialsOf(context.config);
    const key = `${region} ${credentials.accessKeyId}`;
    const known = made.get(key);
    if (known) return known;
    const settings = { region, endpoint, credentials };
    const clients: Clients = {
      region,
      cloudwatch: new CloudWatchClient(settings),
      ec2: new EC2Client(settings),
      ecs: new ECSClient(settings),
      ecr: new ECRClient(settings),
      iam: new IAMClient(settings),
      logs: new CloudWatchLogsClient(settings),
      quotas: new ServiceQuotasClient(settings),
      // Names in the path: bucket names do not resolve as host names here.
      s3: new S3Client({ ...settings, forcePathStyle: true }),
      sns: new SNSClient(settings),
      ssm: new SSMClient(settings),
    };
    made.set(key, clients);
    return clients;
  };
}

function credentialsOf({ accessKey, secretKey, token }: Props) {
  if (typeof accessKey !== "string" || typeof secretKey !== "string") return anyCredentials;
  return { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken: text(token) };
}

const text = (value: Props[string] | undefined) => (typeof value === "string" ? value : undefined);

/** Undefined where AWS answers with one of these error names; every other error goes on. */
export async function unlessGone<T>(work: Promise<T>, ...names: string[]): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (names.includes((error as Error).name)) return undefined;
    throw error;
  }
}
