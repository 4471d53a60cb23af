import { expect } from "chai";
import { withoutBuildOnPreview } from "../../components/job-image";
import { ofType, only, plain, type Deployment } from "./support/deploy";
import { run, taskDefinition } from "./support/program";
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

  it("can be one built elsewhere: then nothing is built", async () => {
    const deployment = await run(raw({ image: { uri: "registry.example.com/job:1" } }));
    expect(ofType(deployment, "awsx:ecr:Image").concat(ofType(deployment, "awsx:ecr:Repository"))).to.be.empty;
    const { containerDefinitions } = plain(only(deployment, taskDefinition).inputs);
    expect(JSON.parse(containerDefinitions as string)[0].image).to.equal("registry.example.com/job:1");
  });
});
