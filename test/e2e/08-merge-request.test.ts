/**
 * A fleet that is changed by merge requests, whose pipelines run on the fleet's own runner: each job of them is a
 * Fargate task.
 */
import { expect } from "chai";
import { addEntries, removeEntries } from "../../automation/stack-file";
import { gitlabTokens, gitlabUrl, stackName } from "../../sandbox/config";
import { createFleetProject, fleetGroup, type FleetProject } from "../support/fleet-project";
import { fleet as run, startFleet } from "../support/fleet-cli";
import { runCi } from "../support/pipelines";
import { status, useSandbox } from "../support/sandbox";
import { previewSteps } from "../support/stack";

const pipeline = (beforeScript: string[]) => ({
  include: [{ local: "automation/fleet.gitlab-ci.yml" }],
  stages: ["preview", "deploy"],
  ".fleet-tools": { before_script: beforeScript },
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

const mergeRequests = `${gitlabUrl}/api/v4/projects/${encodeURIComponent(`${fleetGroup}/demo`)}/merge_requests`;

async function gitlab<Answer>(method: string, url: string): Promise<Answer> {
  const response = await fetch(`${mergeRequests}/${url}`, {
    method,
    headers: { "private-token": gitlabTokens.api.token },
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

describe("a merge request that changes the fleet", () => {
  useSandbox();
  let fleet: FleetProject;

  before("make a project of this repository", async () => {
    fleet = await createFleetProject();
    fleet.setPipeline(pipeline);
  });

  after("the fleet is as it was, whatever a test has made of it", async () => {
    await fleet?.close();
    expect((await previewSteps([])).filter(({ op }) => op !== "same")).to.deep.equal([]);
  });

  const cli = (args: string[]) => run(args, { dir: fleet.dir, env: fleet.variables });
  const outcome = "adds 1 runner for acme/frontend, rewrites config.toml on 1 host, restarts nothing";
  const notes = (iid: number) => gitlab<Note[]>("GET", `${iid}/notes`);

  it("shows in its note, from a Fargate task, that a group gets a runner", async () => {
    const added = await cli(["add-group", "acme/frontend", "--stack", stackName, "--json", "-"]);
    expect(added.exitCode, added.all).to.equal(0);
    const told = JSON.parse(added.stdout);
    expect(told).to.deep.include({ done: "added", entry: { path: "acme/frontend" }, file: `Pulumi.${stackName}.yaml` });
    expect(told.preview.outcome).to.equal(outcome);

    const { failed, log, tasks } = await fleet.run({
      mergeRequest: { branch: "add-frontend", title: "A runner for acme/frontend" },
    });
    expect(failed, log).to.equal(false);
    expect(tasks.started).to.equal(1);
    expect(log).to.match(/Fargate task \w+ runs,/);
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
    fleet.edit((text) =>
      addEntries(removeEntries(text, "groups", ["acme/frontend"]), "groups", [
        { path: "acme/frontend", tags: ["web"] },
      ]),
    );
    const { failed, log } = await fleet.run({ mergeRequest: { branch: "add-frontend" } });
    expect(failed, log).to.equal(false);
    const [note, ...others] = await notes(1);
    expect(others).to.deep.equal([]);
    expect(note.id).to.equal(first.id);
    expect(note.body).to.contain("tagLists").and.to.contain("web");
    expect(first.body).not.to.contain("tagLists");
  });

  it("deploys when it is merged, and the group's jobs run", async () => {
    await gitlab("PUT", "1/merge");
    const { failed, log, jobs } = await fleet.run({});
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

  it("waits for somebody else's deployment, or tells whose it is", async () => {
    const release = await fleet.holdLock({ username: "ci", hostname: "elsewhere", pid: 42 });
    const told = await cli(["deploy", "--stack", stackName, "--lock-timeout", "0"]);
    expect(told.exitCode).to.equal(1);
    expect(told.all).to.contain("ci@elsewhere (pid 42)").and.to.contain("pulumi cancel");

    const { child: waiting } = await startFleet(["deploy", "--stack", stackName], {
      dir: fleet.dir,
      env: fleet.variables,
    });
    await new Promise<void>((resolve) => {
      waiting.all!.on("data", (chunk) => String(chunk).includes("waiting for stack") && resolve());
      void waiting.then(() => resolve());
    });
    await release();
    const { exitCode, all } = await waiting;
    expect(exitCode, String(all)).to.equal(0);
    expect(all).to.match(/waiting for stack sandbox: by ci@elsewhere[\s\S]*deployed sandbox: changes nothing/);
  });

  it("fails while nobody acknowledges that a runner goes, and deploys after that", async () => {
    fleet.edit((text) => removeEntries(text, "groups", ["acme/frontend"]));
    const branch = "remove-frontend";
    const stopped = await fleet.run({ mergeRequest: { branch } });
    expect(stopped.failed).to.equal(true);
    expect(stopped.log).to.contain("not acknowledged: runner-removed");
    expect((await notes(2))[0].body).to.match(/\*\*runner removed\*\*.*\*\*no\*\*/);

    const agreed = await fleet.run({
      mergeRequest: { branch, description: "Nobody uses it.\n\nAcknowledged: runner-removed" },
    });
    expect(agreed.failed, agreed.log).to.equal(false);
    expect((await notes(2))[0].body).to.contain("yes: `runner-removed`");
    await gitlab("PUT", "2/merge");
    const deployed = await fleet.run({});
    expect(deployed.failed, deployed.log).to.equal(false);
    expect((await status()).runners.map(({ description }) => description)).to.deep.equal(["acme/backend"]);
  });

  it("refuses to end the host that a job of the fleet's own runner may run on, before anything is changed", async () => {
    const before = await status();
    fleet.setPipeline((beforeScript) => ({
      include: [{ local: "automation/fleet.gitlab-ci.yml" }],
      stages: ["deploy"],
      ".fleet-tools": { before_script: beforeScript },
      destroy: {
        extends: ".fleet-deploy",
        variables: { STACK: stackName },
        script: ['npm run --silent destroy -- --stack "$STACK" --yes'],
      },
    }));
    const { failed, log } = await fleet.run({});
    expect(failed, log).to.equal(true);
    expect(log)
      .to.contain(`this deployment is a job on a runner of stack ${stackName}`)
      .and.contain("Nothing has been changed");
    const { hosts, runners } = await status();
    expect([hosts, runners.length]).to.deep.equal([before.hosts, before.runners.length]);
  });
});
