import { expect } from "chai";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { imageTag, withoutBuildOnPreview } from "../../components/jobs/job-image";
import { helperFile, runnerFile } from "../../components/jobs/runner-helper";
import { ofType, only, plain, type Deployment } from "./support/deploy";
import { run, tags, taskDefinition } from "./support/program";
import { projectDir } from "../../sandbox/config";
import { raw, sha256 } from "./support/settings";

const release = "https://s3.dualstack.us-east-1.amazonaws.com/gitlab-runner-downloads/v19.4.0";
/** Of a stack that does not know the helper's checksum. */
const runnerArgs = {
  GITLAB_RUNNER_VERSION: "19.4.0",
  GITLAB_RUNNER_URL: `${release}/binaries/gitlab-runner-linux-amd64`,
  GITLAB_RUNNER_SHA256: sha256,
};

describe("image", () => {
  let base: Deployment;
  before(async () => (base = await run()));

  it("is built from image/ for the architecture, never in a preview", async () => {
    const image = only(base, "awsx:ecr:Image");
    expect(plain(image.inputs)).to.deep.equal({
      repositoryUrl: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/gitlab-runners-job",
      context: "image",
      args: runnerArgs,
      platform: "linux/amd64",
      imageTag: imageTag("linux/amd64", runnerArgs),
    });
    expect(image.transforms).to.equal(1);
    const child = { type: "docker-build:index:Image", name: "i", custom: true, opts: {} };
    const changed = await withoutBuildOnPreview({ ...child, props: { push: true, buildOnPreview: true } });
    expect(changed?.props).to.deep.equal({ push: true, buildOnPreview: false });
    expect(await withoutBuildOnPreview({ ...child, type: "aws:ecr/repository:Repository", props: {} })).to.equal(
      undefined,
    );
  });

  it("has the packages that the settings name", async () => {
    const deployment = await run(raw({ image: { packages: ["npm", "nodejs"] } }));
    expect(plain(only(deployment, "awsx:ecr:Image").inputs).args).to.deep.equal({
      ...runnerArgs,
      EXTRA_PACKAGES: "nodejs npm",
    });
  });

  it("has the helper of the hosts' runner: its version, mirror and the tasks' architecture", async () => {
    const args = async (runner: object, architectures: object = {}, hosts: object = {}) =>
      plain(
        only(await run(raw({ ...architectures, host: { ...hosts, runner: { sha256, ...runner } } })), "awsx:ecr:Image")
          .inputs,
      ).args;
    const helperSha256 = "cd".repeat(32);
    const mirror = { version: "19.5.1", baseUrl: "https://mirror.example.com/ci/" };
    const arm64 = { architecture: "arm64" };
    expect(await args({ ...mirror, helperSha256 })).to.deep.equal({
      GITLAB_RUNNER_VERSION: "19.5.1",
      GITLAB_RUNNER_URL:
        "https://mirror.example.com/ci/v19.5.1/binaries/gitlab-runner-helper/gitlab-runner-helper.x86_64",
      GITLAB_RUNNER_SHA256: helperSha256,
    });
    expect(await args({ helperSha256 }, arm64, { architecture: "x86_64" })).to.deep.equal({
      GITLAB_RUNNER_VERSION: "19.4.0",
      GITLAB_RUNNER_URL: `${release}/binaries/gitlab-runner-helper/gitlab-runner-helper.arm64`,
      GITLAB_RUNNER_SHA256: helperSha256,
    });
    // What the hosts have, by the checksum that a stack has in any case.
    expect(await args({}, arm64)).to.deep.equal({
      ...runnerArgs,
      GITLAB_RUNNER_URL: `${release}/${runnerFile("arm64")}`,
    });
    expect(helperFile("arm64")).to.equal("binaries/gitlab-runner-helper/gitlab-runner-helper.arm64");
  });

  it("takes its gitlab-runner from nowhere but the release, by its checksum", () => {
    const dockerfile = readFileSync(path.join(projectDir, "image", "Dockerfile"), "utf8");
    const packages = /apk add (.*)/.exec(dockerfile)![1];
    expect(packages).to.contain(" curl ").and.not.contain("gitlab-runner");
    for (const name of Object.keys(runnerArgs)) expect(dockerfile).to.match(new RegExp(`^ARG ${name}$`, "m"));
  });

  it("has a tag of its own for each content, as a tag takes no second image", () => {
    const tag = imageTag("linux/amd64", { A: "1", B: "2" });
    expect(tag).to.match(/^[0-9a-f]{16}$/);
    expect(imageTag("linux/amd64", { B: "2", A: "1" })).to.equal(tag);
    expect(imageTag("linux/arm64", { A: "1", B: "2" })).to.not.equal(tag);
    expect(imageTag("linux/amd64", { A: "1", B: "3" })).to.not.equal(tag);
    expect(plain(only(base, "awsx:ecr:Repository").inputs)).to.deep.equal({
      forceDelete: true,
      imageScanningConfiguration: { scanOnPush: true },
      imageTagMutability: "IMMUTABLE",
      lifecyclePolicy: {
        rules: [
          { tagStatus: "untagged", maximumAgeLimit: 1, description: "no untagged ones older than a day" },
          { tagStatus: "any", maximumNumberOfImages: 10, description: "the last ten" },
        ],
      },
      tags,
    });
  });

  it("can be one built elsewhere: then nothing is built", async () => {
    const deployment = await run(raw({ image: { uri: "registry.example.com/job:1" } }));
    expect(ofType(deployment, "awsx:ecr:Image").concat(ofType(deployment, "awsx:ecr:Repository"))).to.be.empty;
    const { containerDefinitions } = plain(only(deployment, taskDefinition).inputs);
    expect(JSON.parse(containerDefinitions as string)[0].image).to.equal("registry.example.com/job:1");
  });
});
