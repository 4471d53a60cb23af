import { expect } from "chai";
import { imageTag, withoutBuildOnPreview } from "../../components/jobs/job-image";
import { ofType, only, plain, type Deployment } from "./support/deploy";
import { run, tags, taskDefinition } from "./support/program";
import { raw } from "./support/settings";

describe("image", () => {
  let base: Deployment;
  before(async () => (base = await run()));

  it("is built from image/ for the architecture, never in a preview", async () => {
    const image = only(base, "awsx:ecr:Image");
    expect(plain(image.inputs)).to.deep.equal({
      repositoryUrl: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/gitlab-runners-job",
      context: "image",
      args: {},
      platform: "linux/amd64",
      imageTag: imageTag("linux/amd64", {}),
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
    expect(plain(only(deployment, "awsx:ecr:Image").inputs).args).to.deep.equal({ EXTRA_PACKAGES: "nodejs npm" });
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
