/** Another job image under running and waiting jobs: whatever is in use can be pulled, and jobs go on. */
import { expect } from "chai";
import { chmodSync, readdirSync, statSync } from "node:fs";
import * as path from "node:path";
import { projectDir, registryStore } from "../../sandbox/config";
import { calm, driverProcesses, putFault } from "../support/faults";
import { deploy, pulumiOk } from "../support/engine";
import { runCi, runWith } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";
import { scratch } from "../support/scratch";
import { exportStack, withSettings } from "../support/stack";

const job = (script: string) => `job:\n  variables: {GIT_STRATEGY: none}\n  script: ['${script}']\n`;

/** Repository and digest of the image that the stack's next task gets. */
async function imageInUse(): Promise<{ repository: string; digest: string; tag: string }> {
  const { resources } = await exportStack();
  const [image] = resources.filter(({ type }) => type === "docker-build:index:Image");
  const { ref } = image!.outputs as { ref: string };
  const [, repository, tag, digest] = /^[^/]+\/(.+):([^:@]+)@(.+)$/.exec(ref)!;
  return { repository: repository!, digest: digest!, tag: tag! };
}

async function manifest({ repository, digest }: { repository: string; digest: string }) {
  const accept = "application/vnd.oci.image.manifest.v1+json";
  const answer = await fetch(`http://${registryStore}/v2/${repository}/manifests/${digest}`, { headers: { accept } });
  expect(answer.status, digest).to.equal(200);
  return (await answer.json()) as { layers: { mediaType: string }[] };
}

async function runs(script = "echo fine"): Promise<void> {
  const { jobs } = await runCi(job(script));
  expect(jobs[0].status, jobs[0].trace).to.equal("success");
}

describe("another job image", () => {
  useSandbox();
  const folder = scratch();
  let first: Awaited<ReturnType<typeof imageInUse>>;
  before(async () => (first = await imageInUse()));
  after("as it was", async () => {
    await deploy();
    folder.remove();
  });

  it("with zstd layers comes while a job waits for its task: that job gets the one of before", async () => {
    const file = await withSettings(folder, { "image.packages": ["jq"], "image.compression": "zstd" });
    await putFault({ fault: "throttle", action: "RunTask", times: 100_000 });
    const { jobs } = await runWith(job("jq --version || echo without it"), {
      "Starting a Fargate task": async () => {
        // Held where it is: the time for which it tries again is shorter than a deployment.
        const waiting = driverProcesses("prepare");
        expect(waiting).to.have.length(1);
        for (const pid of waiting) process.kill(pid, "SIGSTOP");
        await deploy(file);
        await calm();
        for (const pid of waiting) process.kill(pid, "SIGCONT");
      },
    });
    expect(jobs[0].status, jobs[0].trace).to.equal("success");
    expect(jobs[0].trace).to.contain("without it");
    await runs("jq --version");
    const second = await imageInUse();
    expect(second.digest).to.not.equal(first.digest);
    // The builder of the sandbox leaves the base image's layer as it lies in the registry.
    expect((await manifest(second)).layers.at(-1)!.mediaType).to.match(/zstd$/);
    await manifest(first);
  });

  it("which is the one before it again is pushed to the tag of before, and runs jobs", async () => {
    await deploy();
    expect(await imageInUse()).to.deep.equal(first);
    await runs();
  });

  it("that differs in nothing but its tag takes no image away", async () => {
    await deploy(await withSettings(folder, { "image.buildArgs.UNUSED": "1" }));
    const same = await imageInUse();
    expect(same.digest).to.equal(first.digest);
    expect(same.tag).to.not.equal(first.tag);
    await manifest(same);
    await runs();
  });

  it("is what a refresh makes of one whose registry's password has expired, and jobs go on", async () => {
    await deploy();
    await putFault({ fault: "expire-registry-passwords" });
    const { all } = await pulumiOk(["refresh", "--yes"]);
    expect(all).to.contain("Your authorization token has expired");
    const { resources } = await exportStack();
    expect(resources.map(({ type }) => type)).to.not.include("docker-build:index:Image");
    await runs();
    await deploy();
    expect(await imageInUse()).to.deep.equal(first);
    await runs();
  });

  it("is none for a checkout under another umask", async () => {
    const image = path.join(projectDir, "image");
    const modes = new Map(
      readdirSync(image).map((name) => [path.join(image, name), statSync(path.join(image, name)).mode]),
    );
    try {
      for (const [file, mode] of modes) chmodSync(file, mode & 0o100 ? 0o777 : 0o666);
      await pulumiOk(["preview", "--expect-no-changes"]);
    } finally {
      for (const [file, mode] of modes) chmodSync(file, mode);
    }
  });
});
