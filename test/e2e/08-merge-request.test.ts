/**
 * A fleet that is changed by merge requests, whose pipelines run on the fleet's own runner: each job of them is a
 * Fargate task. The stack's state lies in a bucket, as it has to for jobs.
 */
import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { execa } from "execa";
import { stringify } from "yaml";
import { addGroup, removeGroup } from "../../automation/stack-file";
import { awsEndpoint, gitlabAdminToken, gitlabUrl, projectDir, region, stackName } from "../../sandbox/config";
import { streamPipeline } from "../../sandbox/control/client";
import type { PipelineRequest, RunResult } from "../../sandbox/control/protocol";
import { engineEnvironment } from "../../sandbox/engine";
import { serveJobTools, type JobTools } from "../support/job-tools";
import { runCi, sandboxOk, scratch, status, useSandbox } from "../support/sandbox";

const credentials = { AWS_ACCESS_KEY_ID: "sandbox", AWS_SECRET_ACCESS_KEY: "sandbox", AWS_REGION: region };
const backend = `s3://fleet-state?endpoint=${awsEndpoint}&s3ForcePathStyle=true&region=${region}`;

/** What the project sets for its jobs. */
const variables = {
  ...credentials,
  PULUMI_BACKEND_URL: backend,
  PULUMI_CONFIG_PASSPHRASE: "sandbox",
  MERGE_REQUEST_TOKEN: gitlabAdminToken,
};

const ciFile = (tools: JobTools) =>
  stringify({
    include: [{ local: "automation/fleet.gitlab-ci.yml" }],
    stages: ["preview", "deploy"],
    ".fleet-tools": { before_script: tools.beforeScript },
    preview: {
      extends: ".fleet-preview",
      variables: { STACK: stackName },
      rules: [{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }],
    },
    deploy: {
      extends: ".fleet-deploy",
      variables: { STACK: stackName },
      rules: [{ if: "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" }],
    },
  });

interface Note {
  id: number;
  body: string;
}

const project = `${gitlabUrl}/api/v4/projects/${encodeURIComponent("acme/backend/demo")}/merge_requests`;

async function gitlab<Answer>(method: string, url: string, body?: object): Promise<Answer> {
  const response = await fetch(`${project}/${url}`, {
    method,
    headers: { "private-token": gitlabAdminToken, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

describe("a merge request that changes the fleet", () => {
  useSandbox();
  const folder = scratch();
  const file = path.join(folder.dir, `Pulumi.${stackName}.yaml`);
  let tools: JobTools;

  before("keep the state in a bucket, and make a project of this repository", async () => {
    const client = new S3Client({
      ...{ region, endpoint: awsEndpoint, forcePathStyle: true },
      credentials: { accessKeyId: "sandbox", secretAccessKey: "sandbox" },
    });
    await client.send(new CreateBucketCommand({ Bucket: "fleet-state" }));
    client.destroy();
    const { stdout: state } = await sandboxOk(["pulumi", "stack", "export"]);
    const env = { ...(await engineEnvironment("")), ...credentials, PULUMI_BACKEND_URL: backend };
    const pulumi = (args: string[], input = "") => execa("pulumi", args, { cwd: projectDir, env, input });
    await pulumi(["stack", "select", stackName, "--create", "--non-interactive"]);
    await pulumi(["stack", "import", "--stack", stackName], state);

    const { stdout } = await execa("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: projectDir,
    });
    const files = stdout.split("\0").filter((name) => name !== "" && name !== "node_modules");
    await execa("cp", ["--parents", "--no-dereference", ...files, folder.dir], { cwd: projectDir });
    tools = await serveJobTools();
    folder.file(".gitlab-ci.yml", ciFile(tools));
  });

  after(async () => {
    await tools?.close();
    folder.remove();
  });

  async function run(request: Partial<PipelineRequest>): Promise<RunResult & { failed: boolean; log: string }> {
    const ciFile = path.join(folder.dir, ".gitlab-ci.yml");
    for await (const event of streamPipeline({ group: "acme/backend", ciFile, variables, ...request })) {
      if (event.type === "error") throw new Error(event.message);
      if (event.type !== "result") continue;
      const log = event.result.jobs.map(({ trace }) => trace).join("\n");
      return { ...event.result, failed: event.failed, log };
    }
    throw new Error("the pipeline's events ended without a result");
  }

  const edit = (change: (text: string) => string) => writeFileSync(file, change(readFileSync(file, "utf8")));
  const notes = (iid: number) => gitlab<Note[]>("GET", `${iid}/notes`);

  it("shows in its note, from a Fargate task, that a group gets a runner", async () => {
    edit((text) => addGroup(text, { path: "acme/frontend" }));
    const { failed, log, tasks } = await run({
      mergeRequest: { branch: "add-frontend", title: "A runner for acme/frontend" },
    });
    expect(failed, log).to.equal(false);
    expect(tasks.started).to.equal(1);
    expect(log).to.match(/Fargate task \w+ runs at/);
    const [note, ...others] = await notes(1);
    expect(others).to.deep.equal([]);
    expect(note.body).to.contain(
      "**Adds 1 runner for acme/frontend, rewrites config&#46;toml on 1 host, restarts nothing.**",
    );
    expect(note.body + log).not.to.match(/glrt-\w|PRIVATE KEY/);
    expect((await status()).runners, "a preview changes nothing").to.have.length(1);
  });

  it("updates the same note with the next push", async () => {
    const [first] = await notes(1);
    edit((text) => addGroup(removeGroup(text, "acme/frontend"), { path: "acme/frontend", tags: ["web"] }));
    const { failed, log } = await run({ mergeRequest: { branch: "add-frontend" } });
    expect(failed, log).to.equal(false);
    const [note, ...others] = await notes(1);
    expect(others).to.deep.equal([]);
    expect(note.id).to.equal(first.id);
    expect(note.body).to.contain("tagLists").and.to.contain("web");
    expect(first.body).not.to.contain("tagLists");
  });

  it("deploys when it is merged, and the group's jobs run", async () => {
    await gitlab("PUT", "1/merge");
    const { failed, log, jobs } = await run({});
    expect(failed, log).to.equal(false);
    expect(jobs.map(({ name }) => name)).to.deep.equal(["deploy"]);
    expect((await status()).runners.map(({ description }) => description)).to.have.members([
      "acme/backend",
      "acme/frontend",
    ]);
    const hello = await runCi(
      "job:\n  tags: [web]\n  script: [echo hello from $CI_PROJECT_NAMESPACE]\n",
      "acme/frontend",
    );
    expect(hello.exitCode).to.equal(0);
    expect(hello.jobs[0].trace).to.contain("hello from acme/frontend");
  });

  it("fails while nobody acknowledges that a runner goes, and deploys after that", async () => {
    edit((text) => removeGroup(text, "acme/frontend"));
    const branch = "remove-frontend";
    const stopped = await run({ mergeRequest: { branch } });
    expect(stopped.failed).to.equal(true);
    expect(stopped.log).to.contain("not acknowledged: runner-removed");
    expect((await notes(2))[0].body).to.match(/\*\*runner removed\*\*.*\*\*no\*\*/);

    const agreed = await run({
      mergeRequest: { branch, description: "Nobody uses it.\n\nAcknowledged: runner-removed" },
    });
    expect(agreed.failed, agreed.log).to.equal(false);
    expect((await notes(2))[0].body).to.contain("yes: `runner-removed`");
    await gitlab("PUT", "2/merge");
    const deployed = await run({});
    expect(deployed.failed, deployed.log).to.equal(false);
    expect((await status()).runners.map(({ description }) => description)).to.deep.equal(["acme/backend"]);
  });
});
