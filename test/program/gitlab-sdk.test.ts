import * as fs from "node:fs";
import * as path from "node:path";
import { expect } from "chai";
import * as gitlab from "@pulumi/gitlab";
import * as pulumi from "@pulumi/pulumi";
import { projectDir } from "../../sandbox/config";
import { ownerId } from "./support/aws";
import { deploy, isSecret, only } from "./support/deploy";

describe("the local SDK of GitLab's provider", () => {
  it("tells the engine which plugin it is for", () => {
    const file = path.join(projectDir, "sdks/gitlab/package.json");
    const { name, version, pulumi: plugin } = JSON.parse(fs.readFileSync(file, "utf8"));
    expect(name).to.equal("@pulumi/gitlab");
    expect(plugin).to.deep.equal({ resource: true, name: "gitlab", version });
  });

  it("keeps a runner's token secret", async () => {
    let token: pulumi.Output<string> | undefined;
    const deployment = await deploy(() => {
      token = new gitlab.UserRunner("a", { runnerType: "instance_type" }).token;
    });
    expect(only(deployment, "gitlab:index/userRunner:UserRunner").secretOutputs).to.deep.equal(["token"]);
    expect(await new Promise((resolve) => token?.apply(resolve))).to.match(/^glrt-/);
  });

  it("refuses a runner without a type", () => {
    expect(() => new gitlab.UserRunner("a", {} as gitlab.UserRunnerArgs)).to.throw(/'runnerType'/);
  });

  it("finds groups and projects, by promises and by outputs", async () => {
    const found: unknown[] = [];
    const { calls, errors } = await deploy(async () => {
      found.push((await gitlab.getGroup({ fullPath: "acme" })).groupId);
      const project = gitlab.getProjectOutput({ pathWithNamespace: pulumi.output("acme/api") });
      found.push(await new Promise((resolve) => project.id.apply(resolve)));
    });
    expect(errors).to.deep.equal([]);
    expect(calls).to.deep.equal(["gitlab:index/getGroup:getGroup", "gitlab:index/getProject:getProject"]);
    expect(found).to.deep.equal([ownerId("acme"), String(ownerId("acme/api"))]);
  });

  it("sends a provider's token as a secret and its other settings as the engine wants them", async () => {
    const deployment = await deploy(() => new gitlab.Provider("p", { token: "glpat", insecure: true, retries: 3 }));
    const { inputs } = only(deployment, "pulumi:providers:gitlab");
    expect(isSecret(inputs.token)).to.equal(true);
    expect(inputs).to.include({ insecure: "true", retries: "3" });
  });
});
