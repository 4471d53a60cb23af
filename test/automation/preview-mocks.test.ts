/** `npm run preview:mocks`: the command's output, and what of it is only known after a deployment. */
import { expect } from "chai";
import { execa } from "execa";
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";
import { markdown } from "../../automation/report/markdown";
import { previewOnMocks, settingsOf } from "../preview-mocks";
import { readable } from "../support/readable";

describe("the preview on mocks", () => {
  it("is the report of the stack dev, and says what it is made on", async () => {
    const command = ["--import", "tsx", path.join(projectDir, "test/preview-mocks.ts")];
    const { stdout, stderr, exitCode } = await execa(process.execPath, command, { cwd: projectDir });
    expect(exitCode).to.equal(0);
    expect(stderr).to.match(/made on mocks: nobody has\s+asked AWS or GitLab[^]*Made on mocks in \d+\.\d s\./);
    expect(stdout).to.match(/^### Preview of stack <code>dev<\/code>\n\n\*\*Adds 1 runner for acme\/backend, /);
    for (const group of ["Danger", "Runners", "Image", "Task sizes", "Hosts", "Access", "Build cache"]) {
      expect(stdout).to.contain(`\n#### ${group}\n`);
    }
    expect(stdout).to.contain("| add | <code>task size fleet</code> |");
    expect(stdout).to.contain("The job image was **not built** for this preview");
    expect(stdout).to.not.match(/PRIVATE KEY|glrt-/);
  });

  it("names nothing that AWS and GitLab give only when they make it", async () => {
    const report = await previewOnMocks("dev", settingsOf("Pulumi.dev.yaml"));
    expect(report.errors).to.deep.equal([]);
    const sizes = report.groups.find(({ name }) => name === "Task sizes")!.changes;
    const definition = sizes.find(({ subject }) => subject === "task size default")!.differences;
    const known = Object.fromEntries(definition.map(({ path, new: value }) => [path, value]));
    expect(known).to.include({ cpu: "512", containerDefinitions: "(known after the deployment)" });
    expect(JSON.stringify(report)).to.not.match(/123456789012|-1a2b3c4/);
  });

  it("fails for settings that a preview refuses", async () => {
    const report = await previewOnMocks("dev", { ...settingsOf("Pulumi.dev.yaml"), spot: "always" });
    expect(report.errors.join()).to.contain("spot: ");
    expect(report.groups).to.deep.equal([]);
  });

  it("is readable on a terminal", async () => {
    const report = await previewOnMocks("dev", settingsOf("Pulumi.dev.yaml"));
    const text = readable(markdown(report));
    expect(text).to.match(/^Preview of stack dev\n\nAdds 1 runner for acme\/backend, .* config\.toml on 1 host/);
    expect(text).to.match(/^add +runner for acme\/backend +9 properties$/m);
    expect(text).to.not.match(/&#|<\/|---/);
  });
});
