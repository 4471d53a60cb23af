import { expect } from "chai";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { buildContext } from "../../components/jobs/build-context";
import { buildOptions, imageTag } from "../../components/jobs/job-image";
import { helperFile, runnerFile } from "../../components/jobs/runner-helper";
import { ofType, only, plain, type Deployment } from "./support/deploy";
import { run, tags, taskDefinition } from "./support/program";
import { raw, sha256 } from "./support/settings";

const release = "https://s3.dualstack.us-east-1.amazonaws.com/gitlab-runner-downloads/v19.4.0";
/** Of a stack that does not know the helper's checksum. */
const runnerArgs = {
  GITLAB_RUNNER_VERSION: "19.4.0",
  GITLAB_RUNNER_URL: `${release}/binaries/gitlab-runner-linux-amd64`,
  GITLAB_RUNNER_SHA256: sha256,
};

const built = { platform: "linux/amd64", buildArgs: runnerArgs, compression: "gzip" as const };
const child = { type: "docker-build:index:Image", name: "i", custom: true, opts: { version: "0.0.14" } };

describe("image", () => {
  let base: Deployment;
  before(async () => (base = await run()));

  it("is built from image/ for the architecture, in .image/", async () => {
    const image = only(base, "awsx:ecr:Image");
    expect(plain(image.inputs)).to.deep.equal({
      repositoryUrl: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/gitlab-runners-job",
      context: ".image",
      args: runnerArgs,
      platform: "linux/amd64",
      imageTag: imageTag(built),
    });
    expect(image.transforms).to.equal(1);
  });

  it("is never built in a preview, and outlives what deployed it", async () => {
    const changed = await buildOptions("gzip")({ ...child, props: { push: true, buildOnPreview: true } });
    expect(changed?.props).to.deep.equal({ push: true, buildOnPreview: false });
    expect(changed?.opts).to.deep.equal({ version: "0.0.14", retainOnDelete: true });
    const other = { ...child, type: "aws:ecr/repository:Repository", props: {} };
    expect(await buildOptions("gzip")(other)).to.equal(undefined);
  });

  it("is pushed with all its layers in zstd where the settings say so", async () => {
    const changed = await buildOptions("zstd")({ ...child, props: { push: true, tags: ["t"] } });
    const registry = { push: true, compression: "zstd", forceCompression: true, ociMediaTypes: true };
    expect(changed?.props).to.deep.equal({
      ...{ push: false, tags: ["t"], buildOnPreview: false },
      exports: [{ registry }],
    });
    const deployment = await run(raw({ image: { compression: "zstd" } }));
    const { imageTag: tag } = plain(only(deployment, "awsx:ecr:Image").inputs);
    expect(tag).to.equal(imageTag({ ...built, compression: "zstd" }));
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
    const dockerfile = fs.readFileSync("image/Dockerfile", "utf8");
    const packages = /apk add (.*)/.exec(dockerfile)![1];
    expect(packages).to.contain(" curl ").and.not.contain("gitlab-runner");
    for (const name of Object.keys(runnerArgs)) expect(dockerfile).to.match(new RegExp(`^ARG ${name}$`, "m"));
  });

  it("has a tag of its own for whatever it is built of", () => {
    const two = { ...built, buildArgs: { A: "1", B: "2" } };
    expect(imageTag(two)).to.match(/^[0-9a-f]{16}$/);
    expect(imageTag({ ...two, buildArgs: { B: "2", A: "1" } })).to.equal(imageTag(two));
    const others = [
      { ...two, platform: "linux/arm64" },
      { ...two, buildArgs: { A: "1", B: "3" } },
      { ...two, compression: "zstd" as const },
    ];
    expect(new Set([two, ...others].map(imageTag)).size).to.equal(4);
  });

  it("lies in a repository whose tags can move, and which forgets none that can be in use", () => {
    expect(plain(only(base, "awsx:ecr:Repository").inputs)).to.deep.equal({
      forceDelete: true,
      imageScanningConfiguration: { scanOnPush: true },
      imageTagMutability: "MUTABLE",
      lifecyclePolicy: {
        rules: [{ tagStatus: "any", maximumNumberOfImages: 100, description: "the last 100" }],
      },
      tags,
    });
  });

  it("is built anew for another revision", async () => {
    const deployment = await run(raw({ image: { revision: "2026-11" } }));
    const { args, imageTag: tag } = plain(only(deployment, "awsx:ecr:Image").inputs);
    expect(args).to.deep.equal({ ...runnerArgs, REVISION: "2026-11" });
    expect(tag).to.not.equal(imageTag(built));
    // BuildKit takes an argument into the key of the layers after it: all packages have to come after it.
    const [before] = fs.readFileSync("image/Dockerfile", "utf8").split("ARG REVISION=");
    expect(before).to.not.match(/^RUN/m);
  });

  it("can be one built elsewhere: then nothing is built", async () => {
    const deployment = await run(raw({ image: { uri: "registry.example.com/job:1" } }));
    expect(ofType(deployment, "awsx:ecr:Image").concat(ofType(deployment, "awsx:ecr:Repository"))).to.be.empty;
    const { containerDefinitions } = plain(only(deployment, taskDefinition).inputs);
    expect(JSON.parse(containerDefinitions as string)[0].image).to.equal("registry.example.com/job:1");
  });

  it("can be one of a pull-through cache, which the execution role may fill", async () => {
    const uri = "123456789012.dkr-ecr.eu-central-1.on.aws/docker-hub/acme/job:1";
    const rights = (deployment: Deployment) =>
      plain(only(deployment, "aws:iam/rolePolicy:RolePolicy", "gitlab-runners-execution").inputs).policy;
    expect(rights(await run(raw({ image: { uri } })))).to.contain("ecr:BatchImportUpstreamImage");
    expect(rights(base)).to.not.contain("ecr:BatchImportUpstreamImage");
  });
});

describe("image's build context", () => {
  let folder: string;
  const at = (...names: string[]) => path.join(folder, ...names);
  const mode = (...names: string[]) => (fs.statSync(at(...names)).mode & 0o777).toString(8);
  const copy = () => buildContext(at("image"), at("copy"));
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "build-context-"));
    fs.mkdirSync(at("image", "sub"), { recursive: true });
    for (const name of ["a", "b", "sub/c"]) fs.writeFileSync(at("image", name), name);
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it("has the same modes whatever the umask of the checkout was", () => {
    const umask = process.umask(0o077);
    try {
      for (const [plainMode, executable] of [
        [0o600, 0o700],
        [0o666, 0o777],
        [0o664, 0o775],
      ]) {
        fs.chmodSync(at("image/a"), plainMode!);
        fs.chmodSync(at("image/sub/c"), executable!);
        expect(copy()).to.equal(at("copy"));
        expect([mode("copy/a"), mode("copy/sub/c"), mode("copy/sub")]).to.deep.equal(["644", "755", "755"]);
      }
    } finally {
      process.umask(umask);
    }
  });

  it("follows its source, and leaves alone what is as it was", () => {
    copy();
    const before = fs.statSync(at("copy/a")).ino;
    fs.rmSync(at("image/b"));
    fs.writeFileSync(at("image/sub/c"), "other");
    copy();
    expect(fs.readdirSync(at("copy"), { recursive: true }).sort()).to.deep.equal(["a", "sub", "sub/c"]);
    expect(fs.readFileSync(at("copy/sub/c"), "utf8")).to.equal("other");
    expect(fs.statSync(at("copy/a")).ino).to.equal(before);
  });
});
