/**
 * A project of the sandbox's GitLab that holds this repository, so that the fleet is changed by merge requests whose jobs
 * run on the fleet's own runner. The stack's state lies in a bucket, as it has to for jobs.
 */
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { execa } from "execa";
import { stringify } from "yaml";
import { awsEndpoint, gitlabTokens, projectDir, region, stackName } from "../../sandbox/config";
import { streamPipeline } from "../../sandbox/control/client";
import type { PipelineRequest, RunResult } from "../../sandbox/control/protocol";
import { plain } from "../../sandbox/report";
import { deploy, pulumiOk } from "./engine";
import { serveJobTools } from "./job-tools";
import { scratch } from "./scratch";

/** `log`: of all jobs, as a person reads it. */
export type PipelineOutcome = RunResult & { failed: boolean; log: string };

export interface FleetProject {
  /** The project's folder, with node_modules. */
  dir: string;
  /** What its jobs have in their environment. */
  variables: Record<string, string>;
  /** Changes the stack file in the project's folder; the next pipeline brings it along. */
  edit(change: (text: string) => string): void;
  /** Replaces the CI file; `beforeScript` has node, npm, pulumi and the providers in a job. */
  setPipeline(definition: (beforeScript: string[]) => object): void;
  run(request: Pick<PipelineRequest, "mergeRequest">): Promise<PipelineOutcome>;
  /** Holds the stack's lock as somebody else's deployment would, until the function it returns is called. */
  holdLock(holder: { username: string; hostname: string; pid: number }): Promise<() => Promise<void>>;
  /** The stack's state goes back to where it was, and the fleet is what the committed stack file says. */
  close(): Promise<void>;
}

/** Full path of the group whose project `demo` it is. */
export const fleetGroup = "acme/backend";

const bucket = "fleet-state";
const credentials = { AWS_ACCESS_KEY_ID: "sandbox", AWS_SECRET_ACCESS_KEY: "sandbox", AWS_REGION: region };
const backend = `s3://${bucket}?endpoint=${awsEndpoint}&s3ForcePathStyle=true&region=${region}`;

/** What the project's settings give to its jobs. */
const variables = {
  ...credentials,
  PULUMI_BACKEND_URL: backend,
  PULUMI_CONFIG_PASSPHRASE: "sandbox",
  MERGE_REQUEST_TOKEN: gitlabTokens.api.token,
};

/** The sandbox is up. Until close() the state in the bucket is the one that counts. */
export async function createFleetProject(): Promise<FleetProject> {
  const options = { region, endpoint: awsEndpoint, forcePathStyle: true };
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = credentials;
  const client = new S3Client({ ...options, credentials: { accessKeyId, secretAccessKey } });
  await moveStateToBucket(client);
  const folder = scratch();
  await copyRepository(folder.dir);
  const tools = await serveJobTools();
  const stackFile = path.join(folder.dir, `Pulumi.${stackName}.yaml`);
  return {
    dir: folder.dir,
    variables,
    edit: (change) => writeFileSync(stackFile, change(readFileSync(stackFile, "utf8"))),
    setPipeline: (definition) => void folder.file(".gitlab-ci.yml", stringify(definition(tools.beforeScript))),
    run: (request) =>
      run({ ...request, group: fleetGroup, ciFile: path.join(folder.dir, ".gitlab-ci.yml"), variables }),
    holdLock: (holder) => holdLock(client, holder),
    close: async () => {
      client.destroy();
      await tools.close();
      folder.remove();
      await moveStateBack();
    },
  };
}

/** A lock is an object in the bucket (pulumi/pulumi, pkg/backend/diy/lock.go). */
async function holdLock(client: S3Client, holder: object): Promise<() => Promise<void>> {
  const Key = `.pulumi/locks/organization/gitlab-fargate-runners/${stackName}/lock.json`;
  const Body = JSON.stringify({ ...holder, timestamp: "2026-01-01T00:00:00Z" });
  await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  return async () => void (await client.send(new DeleteObjectCommand({ Bucket: bucket, Key })));
}

const inBucket = { ...credentials, PULUMI_BACKEND_URL: backend };

async function moveStateToBucket(client: S3Client): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  await pulumiOk(["stack", "select", stackName, "--create", "--non-interactive"], inBucket);
  await moveState({}, inBucket);
}

/** Whatever was deployed meanwhile, or half deployed, the sandbox's own state knows it and so can take it away. */
async function moveStateBack(): Promise<void> {
  await moveState(inBucket, {});
  await deploy();
}

async function moveState(from: NodeJS.ProcessEnv, to: NodeJS.ProcessEnv): Promise<void> {
  const folder = scratch();
  const file = path.join(folder.dir, "state.json");
  try {
    await pulumiOk(["stack", "export", "--stack", stackName, "--file", file], from);
    await pulumiOk(["stack", "import", "--stack", stackName, "--file", file], to);
  } finally {
    folder.remove();
  }
}

/** What git knows or would add; not node_modules, which may be a link and so no folder to be ignored. */
async function copyRepository(target: string): Promise<void> {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await execa("git", args, { cwd: projectDir });
  const files = stdout.split("\0").filter((name) => name !== "" && name !== "node_modules");
  await execa("cp", ["--parents", "--no-dereference", ...files, target], { cwd: projectDir });
  symlinkSync(path.join(projectDir, "node_modules"), path.join(target, "node_modules"));
}

async function run(request: PipelineRequest): Promise<PipelineOutcome> {
  for await (const event of streamPipeline(request)) {
    if (event.type === "error") throw new Error(event.message);
    if (event.type !== "result") continue;
    const lines = event.result.jobs.flatMap(({ trace }) => trace.split("\n").map(plain));
    const log = lines.join("\n");
    return { ...event.result, failed: event.failed, log };
  }
  throw new Error("the pipeline's events ended without a result");
}
