/** A config.toml of a thousand runners: far more than a command line holds, written in one step, and taken by the runner. */
import { expect } from "chai";
import { readStatus } from "../../sandbox/control/client";
import { onHost } from "../support/host";
import { runCi } from "../support/pipelines";
import { sandbox, useSandbox } from "../support/sandbox";
import { scratch } from "../support/scratch";
import { until } from "../support/until";
import { withSettings } from "../support/stack";

describe("a thousand runners", () => {
  useSandbox();
  const folder = scratch();
  const names = Array.from({ length: 1000 }, (_, index) => `team-${index}`);

  async function up(settings: Record<string, unknown>): Promise<void> {
    const args = ["pulumi", "up", "--yes", "--skip-preview", "--config-file", await withSettings(folder, settings)];
    const env = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };
    const { exitCode, all } = await sandbox(args, { env });
    expect(exitCode, all.slice(-5000)).to.equal(0);
  }
  const contacted = async () => (await readStatus())!.runners.filter((runner) => runner.contacted).length;
  const inFile = async () => Number(await onHost("grep -c -F '[[runners]]' /etc/gitlab-runner/config.toml"));

  it("are written in one step, ask for jobs without a restart, and are taken out again", async () => {
    const processBefore = await onHost("systemctl show gitlab-runner --property MainPID,NRestarts");
    const instanceRunners = names.map((name) => ({ name, tags: [name] }));
    await up({ instanceRunners });
    expect(await inFile()).to.equal(1001);
    await until("GitLab to hear of a thousand runners", async () => (await contacted()) === 1001);
    const { jobs, exitCode } = await runCi("job:\n  tags: [team-999]\n  script: [echo the last of them]\n");
    expect(exitCode).to.equal(0);
    expect(jobs[0].trace).to.contain("the last of them").and.contain("team-999");

    await up({});
    expect(await inFile()).to.equal(1);
    expect((await readStatus())!.runners).to.have.length(1);
    expect(await onHost("systemctl show gitlab-runner --property MainPID,NRestarts")).to.equal(processBefore);
    folder.remove();
  });
});
