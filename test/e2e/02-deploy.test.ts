/** The deployed sandbox: the demo pipeline, idempotence, groups added and removed, refused settings. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";
import { deploy, pulumi } from "../support/engine";
import { onHost } from "../support/host";
import { runCi } from "../support/pipelines";
import { sandboxOk, status, useSandbox } from "../support/sandbox";
import { scratch } from "../support/scratch";
import { previewSteps, stackSecrets, withGroups } from "../support/stack";

describe("the deployed stack", () => {
  useSandbox();

  it("is up with one host and one runner that GitLab has heard of", async () => {
    const { up, hosts, runners, tasks } = JSON.parse((await sandboxOk(["status", "--json"])).stdout);
    expect(up).to.equal(true);
    const states = hosts.map((host: { state: string }) => host.state);
    expect(states.filter((state: string) => state !== "terminated")).to.deep.equal(["running"]);
    expect(runners).to.have.length(1);
    expect(runners[0]).to.include({ description: "acme/backend", contacted: true });
    expect(tasks.running).to.equal(0);
  });

  it("has nothing to change when nothing has changed", async () => {
    expect((await previewSteps([])).filter(({ op }) => op !== "same")).to.deep.equal([]);
    const { all } = await sandboxOk(["up"]);
    expect(all).to.match(/Resources:\n\s+\d+ unchanged/);
    expect(all).to.contain(`in a browser at ${(await status()).page}\n`);
  });

  it("prints its outputs by the stock CLI", async () => {
    const { stdout } = await sandboxOk(["pulumi", "stack", "output", "--json"]);
    const outputs = JSON.parse(stdout);
    expect(outputs.hosts).to.have.length(1);
    expect(outputs.image).to.match(/@sha256:[0-9a-f]{64}$/);
    expect(stdout).not.to.contain("glrt-");
    // Whoever followed them would look into an account of their own.
    expect(stdout).not.to.contain("console.aws").and.not.contain("aws logs");
  });
});

describe("a group in the stack's config", () => {
  useSandbox();

  it("gets a runner, and loses it again, while nothing else is touched", async () => {
    const folder = scratch();
    try {
      const before = await stackSecrets();
      const processBefore = await onHost("systemctl show gitlab-runner --property MainPID,NRestarts");
      const file = await withGroups(folder, ["acme/backend", "acme/frontend"]);

      const changes = (await previewSteps(["--config-file", file])).filter(({ op }) => op !== "same");
      expect(changes.filter(({ op }) => op === "create").map(({ type }) => type)).to.deep.equal([
        "gitlab:index/userRunner:UserRunner",
      ]);
      expect(changes.filter(({ op }) => op !== "create").map(({ op }) => op)).to.deep.equal(["update"]);
      expect(changes.find(({ op }) => op === "update")).to.include({ type: "command:remote:Command" });

      await deploy(file);
      const after = await stackSecrets();
      expect(Object.keys(after)).to.have.length(2);
      expect(after).to.include(before);
      expect(await onHost("systemctl show gitlab-runner --property MainPID,NRestarts")).to.equal(processBefore);

      const { jobs, exitCode } = await runCi(
        "job:\n  script: [echo hello from $CI_PROJECT_NAMESPACE]\n",
        "acme/frontend",
      );
      expect(exitCode).to.equal(0);
      expect(jobs[0].trace).to.contain("hello from acme/frontend");

      // The order of the list means nothing.
      const turned = await withGroups(folder, ["acme/frontend", "acme/backend"]);
      expect((await previewSteps(["--config-file", turned])).filter(({ op }) => op !== "same")).to.deep.equal([]);

      await deploy();
      expect((await status()).runners.map(({ description }) => description)).to.deep.equal(["acme/backend"]);
      expect(await onHost("cat /etc/gitlab-runner/config.toml"))
        .to.contain("acme/backend")
        .and.not.contain("frontend");
      expect(await stackSecrets()).to.deep.equal(before);
      expect(await onHost("systemctl show gitlab-runner --property MainPID,NRestarts")).to.equal(processBefore);
    } finally {
      folder.remove();
    }
  });

  it("is named where GitLab does not have it", async () => {
    const folder = scratch();
    try {
      const file = await withGroups(folder, ["acme/backend", "acme/nowhere"]);
      const { exitCode, all } = await pulumi(["preview", "--config-file", file]);
      expect(exitCode).not.to.equal(0);
      expect(all).to.contain(
        'groups: GitLab has no group "acme/nowhere", or none that the token of gitlab:token may see',
      );
      expect(all).not.to.match(/\n\s+at .*\.ts:/);
    } finally {
      folder.remove();
    }
  });
});

describe("wrong settings", () => {
  useSandbox();

  it("are refused at preview, all at once, each with path and reason, and nothing is created", async () => {
    const folder = scratch();
    try {
      const wrong = folder.file(
        "Pulumi.sandbox.yaml",
        readFileSync(path.join(projectDir, "Pulumi.sandbox.yaml"), "utf8").replace(
          /^ {2}gitlab-fargate-runners:groups:\n( {4}.*\n)+/m,
          [
            "  gitlab-fargate-runners:groups:",
            "    - acme/backend",
            "    - acme/backend",
            "    - path: acme/data",
            "      size: huge",
            "      colour: red",
            "  gitlab-fargate-runners:sizes:",
            "    odd:",
            "      cpu: 256",
            "      memory: 3000",
            "",
          ].join("\n"),
        ),
      );
      const { exitCode, all } = await pulumi(["preview", "--config-file", wrong]);
      expect(exitCode).not.to.equal(0);
      expect(all).to.match(/groups\[1\].*duplicate/);
      expect(all).to.match(/groups\[2\]\.size.*huge.*default/);
      expect(all).to.match(/groups\[2\].*colour/);
      expect(all).to.match(/sizes\.odd.*3000/);
      expect(all).not.to.match(/\n\s+at .*\.ts:/);
      expect((await status()).runners).to.have.length(1);
    } finally {
      folder.remove();
    }
  });
});
