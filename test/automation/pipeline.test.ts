/** This project's own pipeline, expanded as the sandbox's GitLab expands it. */
import { expect } from "chai";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";
import { git } from "../../sandbox/gitlab/command";
import type { PipelineDefinition } from "../../sandbox/gitlab/pipeline/definition";
import { expandFile } from "../../sandbox/gitlab/pipeline/expander";
import { normalize } from "../../sandbox/gitlab/pipeline/normalize";

/** The jobs of a pipeline with these variables. `rules:changes` match, as the sandbox's do. */
async function expand(variables: Record<string, string>): Promise<PipelineDefinition> {
  const checkout = mkdtempSync(path.join(os.tmpdir(), "pipeline-"));
  try {
    mkdirSync(path.join(checkout, "automation"));
    for (const file of [".gitlab-ci.yml", "automation/fleet.gitlab-ci.yml", "package-lock.json"]) {
      cpSync(path.join(projectDir, file), path.join(checkout, file));
    }
    const cwd = checkout;
    await git(["init", "--quiet", "--initial-branch=main"], { cwd });
    await git(["remote", "add", "origin", "http://gitlab.example.com/acme/fleet.git"], { cwd });
    await git(["add", "--all"], { cwd });
    const identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
    await git([...identity, "commit", "--quiet", "--message=the pipeline"], { cwd });
    return normalize(await expandFile({ checkout, variables: { CI_DEFAULT_BRANCH: "main", ...variables } }));
  } finally {
    rmSync(checkout, { recursive: true });
  }
}

const find = ({ jobs }: PipelineDefinition, name: string) => jobs.find((job) => job.name === name)!;

describe("this project's pipeline", () => {
  it("previews each changed stack for a merge request, and deploys none", async () => {
    const pipeline = await expand({ CI_PIPELINE_SOURCE: "merge_request_event" });
    expect(pipeline.jobs.map(({ name }) => name)).to.deep.equal(["unit tests", "preview dev", "preview prod"]);
    const { script, beforeScript, artifacts, cache, tags, variables } = find(pipeline, "preview prod");
    expect(beforeScript).to.deep.equal(["npm ci --omit=dev --no-audit --no-fund --prefer-offline"]);
    expect(script.join("\n")).to.match(/npm run --silent preview -- --stack "\$STACK" --merge-request/);
    expect(variables).to.include({ STACK: "prod" });
    expect(artifacts).to.deep.include({ when: "always", paths: ["preview-*.json", "preview-*.md"] });
    expect(cache[0].paths).to.include(".npm/");
    expect(tags).to.deep.equal(["fleet"]);
  });

  it("deploys dev from the default branch by itself and prod by hand, on the runner for that", async () => {
    const pipeline = await expand({ CI_PIPELINE_SOURCE: "push", CI_COMMIT_BRANCH: "main" });
    expect(pipeline.jobs.map(({ name }) => name)).to.deep.equal(["unit tests", "deploy dev", "deploy prod"]);
    expect(find(pipeline, "deploy dev").when).to.equal("on_success");
    expect(find(pipeline, "deploy prod").when).to.equal("manual");
    expect(find(pipeline, "deploy dev").tags).to.deep.equal(["fleet-deploy"]);
  });

  it("runs the end-to-end tests where a runner on a machine is named, and nothing on other branches", async () => {
    const pipeline = await expand({ CI_PIPELINE_SOURCE: "merge_request_event", END_TO_END_TAG: "vm" });
    expect(find(pipeline, "end to end").script).to.deep.equal([".ci/run"]);
    const none = await expand({ CI_PIPELINE_SOURCE: "push", CI_COMMIT_BRANCH: "topic" }).catch((error: Error) => error);
    expect(String(none)).to.contain("workflow rules");
  });
});
