/** A protected stack that somebody wants to destroy stays whole, and a stack file whose preview fails stays as it was. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { stackName } from "../../sandbox/config";
import { fleet } from "../support/fleet-cli";
import { sandboxOk, scratch, status, useSandbox } from "../support/sandbox";
import { exportStack, stackFile, withSettings } from "../support/stack";

describe("npm run destroy on a protected stack", () => {
  useSandbox();
  const folder = scratch();
  after(async () => {
    folder.remove();
    await sandboxOk(["up"]);
  });

  it("refuses before anything is taken, and names the setting and the way out once", async () => {
    const configFile = await withSettings(folder, { protect: true });
    await sandboxOk(["pulumi", "up", "--yes", "--skip-preview", "--config-file", configFile]);
    const [before, { resources }] = [await status(), await exportStack()];

    const { exitCode, all } = await fleet(["destroy", "--stack", stackName, "--yes", "--config-file", configFile]);
    expect(exitCode).to.equal(1);
    expect(all.match(/is not destroyed, and nothing has been taken down/g), all).to.have.length(1);
    expect(all.match(/pulumi config set gitlab-fargate-runners:protect false/g), all).to.have.length(1);
    expect(all).not.to.match(/state unprotect|Preview failed/);

    const after = await status();
    expect([after.hosts, after.runners]).to.deep.equal([before.hosts, before.runners]);
    expect((await exportStack()).resources).to.have.length(resources.length);
  });
});

describe("npm run add-group of a group that GitLab does not have", () => {
  useSandbox();

  it("leaves the stack file as it was, and says so", async () => {
    const before = readFileSync(stackFile, "utf8");
    const { exitCode, all } = await fleet(["add-group", "acme/nosuch", "--stack", stackName]);
    expect(exitCode).to.equal(1);
    expect(all)
      .to.contain('GitLab has no group "acme/nosuch"')
      .and.to.contain(`Pulumi.${stackName}.yaml is as it was`)
      .and.not.to.contain("added");
    expect(readFileSync(stackFile, "utf8")).to.equal(before);
  });
});
