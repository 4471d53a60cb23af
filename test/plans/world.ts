/**
 * An account of AWS with nothing in it: moto behind the sandbox's front, on ports of its own. What the program reaches
 * beside AWS (hosts, GitLab, image builds) is there at once.
 */
import { mkdirSync } from "node:fs";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { startInstantProviders } from "../../bench/program/providers";
import { createServiceLinkedRole } from "../../sandbox/aws/ecs/service-linked-role";
import { RegistryPasswords } from "../../sandbox/aws/ecr/passwords";
import { startFront } from "../../sandbox/aws/front";
import { region } from "../../sandbox/config";
import { awsPackage } from "../../sandbox/providers/aws";
import { serveProvider } from "../../sandbox/providers/framework/server";
import { startMoto } from "../../sandbox/aws/moto";
import { freePort } from "../support/free-port";
import { refuseTaggedBuckets } from "./tagged-buckets";

export interface World {
  endpoint: string;
  /** Of all packages but aws, and of that where its stand-in serves here. */
  debugProviders: string;
  ec2: EC2Client;
  logs: CloudWatchLogsClient;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** The interpreter of moto's environment. */
  python: string;
  /** Is made, for moto's log. */
  folder: string;
  /** Whether the stand-in for aws serves here. */
  standIn: boolean;
  log(line: string): void;
}

export async function startWorld({ python, folder, standIn, log }: WorldOptions): Promise<World> {
  mkdirSync(folder);
  const address = { host: "127.0.0.1", port: await freePort("127.0.0.1") };
  const moto = await startMoto({ python, stateDir: folder, address });
  const closers = [moto.close];
  const passwords = new RegistryPasswords();
  const front = await startFront({
    listen: { ...address, port: 0 },
    moto: address,
    admit: refuseTaggedBuckets,
    ecs: async () => undefined,
    ec2: async () => undefined,
    registryPassword: () => passwords.issue(),
    assumeRole: async () => () => {},
    vcpuQuota: () => Number.MAX_SAFE_INTEGER,
    log,
  });
  closers.unshift(front.close);
  const endpoint = `http://${address.host}:${front.port}`;
  const settings = { endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
  await createServiceLinkedRole(moto.iam);

  const others = await startInstantProviders(["command", "docker-build", "gitlab"]);
  closers.unshift(others.close);
  let { debugProviders } = others;
  if (standIn) {
    const aws = await serveProvider(awsPackage({ endpoint }), log);
    closers.unshift(aws.close);
    debugProviders += `,aws:${aws.port}`;
  }
  const [ec2, logs] = [new EC2Client(settings), new CloudWatchLogsClient(settings)];
  return {
    endpoint,
    debugProviders,
    ec2,
    logs,
    async close() {
      ec2.destroy();
      logs.destroy();
      for (const end of closers) await end();
    },
  };
}
