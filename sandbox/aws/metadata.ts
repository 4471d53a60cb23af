/**
 * The instance metadata service at 169.254.169.254, version 2 only (a token is needed, as the stack's hosts demand it).
 * An instance is known by its address. The packet filter keeps tasks away; on AWS the hop limit does.
 */
import { randomBytes } from "node:crypto";
import * as http from "node:http";
import { DescribeInstancesCommand, type Instance } from "@aws-sdk/client-ec2";
import { GetInstanceProfileCommand } from "@aws-sdk/client-iam";
import { accountId, network, region } from "../config";
import type { Credentials } from "./credentials";
import { AccessDenied } from "./iam/authorizer";
import { addressOf, closeServer, listen } from "./server";
import type { Moto } from "./moto";

export interface MetadataOptions {
  moto: Moto;
  instanceId(address: string): string | undefined;
  credentials: Credentials["issue"];
  log(line: string): void;
}

const tokenHeader = "x-aws-ec2-metadata-token";
const ttlHeader = "x-aws-ec2-metadata-token-ttl-seconds";
const maxTtl = 21_600;

export async function startMetadata(options: MetadataOptions): Promise<{ close(): Promise<void> }> {
  /** Token → the address that it was given to, and when it ends in milliseconds since the epoch. */
  const tokens = new Map<string, { address: string; expires: number }>();

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const address = addressOf(request);
    const id = options.instanceId(address);
    if (!id) return void response.writeHead(404).end();
    const path = (request.url ?? "").replace(/^\/\d{4}-\d{2}-\d{2}\//, "/latest/");
    if (request.method === "PUT" && path === "/latest/api/token") {
      const ttl = Number(request.headers[ttlHeader]);
      if (!Number.isInteger(ttl) || ttl < 1 || ttl > maxTtl) return void response.writeHead(400).end();
      const token = randomBytes(32).toString("base64url");
      for (const [old, { expires }] of tokens) if (expires < Date.now()) tokens.delete(old);
      tokens.set(token, { address, expires: Date.now() + ttl * 1000 });
      return void response.writeHead(200, { "content-type": "text/plain", [ttlHeader]: String(ttl) }).end(token);
    }
    const token = tokens.get(String(request.headers[tokenHeader]));
    if (!token || token.address !== address || token.expires < Date.now()) return void response.writeHead(401).end();
    const value = request.method === "GET" ? await read(id, path) : undefined;
    if (value === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/plain" }).end(value);
  }

  async function read(id: string, path: string): Promise<string | undefined> {
    const { Reservations = [] } = await options.moto.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    const instance = Reservations[0]?.Instances?.[0];
    if (!instance) return undefined;
    if (path.startsWith("/latest/meta-data/iam/"))
      return readIam(instance, path.slice("/latest/meta-data/iam/".length));
    return documents(instance)[path];
  }

  async function readIam(instance: Instance, path: string): Promise<string | undefined> {
    const profileArn = instance.IamInstanceProfile?.Arn;
    if (!profileArn) return undefined;
    const { InstanceProfile: profile } = await options.moto.iam.send(
      new GetInstanceProfileCommand({ InstanceProfileName: profileArn.split("/").pop() }),
    );
    const role = profile?.Roles?.[0];
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    if (path === "info") {
      return JSON.stringify({
        Code: "Success",
        LastUpdated: now,
        InstanceProfileArn: profileArn,
        InstanceProfileId: profile?.InstanceProfileId,
      });
    }
    if (!role) return undefined;
    if (/^security-credentials\/?$/.test(path)) return role.RoleName;
    if (path !== `security-credentials/${role.RoleName}`) return undefined;
    try {
      const credentials = await options.credentials(role.Arn!, instance.InstanceId!, "ec2.amazonaws.com");
      return JSON.stringify({ Code: "Success", LastUpdated: now, Type: "AWS-HMAC", ...credentials });
    } catch (error) {
      if (!(error instanceof AccessDenied)) throw error;
      // https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html
      const Message = `EC2 cannot assume the role ${role.RoleName}.`;
      return JSON.stringify({ Code: "AssumeRoleUnauthorizedAccess", Message, LastUpdated: now });
    }
  }

  const server = http.createServer((request, response) => {
    answer(request, response).catch((error: Error) => {
      options.log(`instance metadata ${request.url}: ${error.message}`);
      response.writeHead(500).end();
    });
  });
  await listen(server, network.metadata, 80);
  return { close: () => closeServer(server) };
}

function documents(instance: Instance): Record<string, string | undefined> {
  const zone = instance.Placement?.AvailabilityZone;
  const name = instance.PrivateDnsName;
  const at = (path: string) => `/latest/meta-data/${path}`;
  return {
    [at("ami-id")]: instance.ImageId,
    [at("hostname")]: name,
    [at("instance-id")]: instance.InstanceId,
    [at("instance-type")]: instance.InstanceType,
    [at("local-hostname")]: name,
    [at("local-ipv4")]: instance.PrivateIpAddress,
    [at("placement/availability-zone")]: zone,
    [at("placement/region")]: region,
    "/latest/dynamic/instance-identity/document": JSON.stringify({
      accountId,
      architecture: instance.Architecture ?? "x86_64",
      availabilityZone: zone,
      imageId: instance.ImageId,
      instanceId: instance.InstanceId,
      instanceType: instance.InstanceType,
      pendingTime: instance.LaunchTime?.toISOString(),
      privateIp: instance.PrivateIpAddress,
      region,
      version: "2017-09-30",
    }),
  };
}
