/** The stack goes as it came: runners out of GitLab, the host drained, nothing left in AWS. */
import { expect } from "chai";
import { stackName } from "../../sandbox/config";
import { fleet } from "../support/fleet-cli";
import { status, useSandbox } from "../support/sandbox";
import { exportStack } from "../support/stack";

describe("npm run destroy", () => {
  useSandbox();

  it("removes the runners from GitLab and the host", async () => {
    const refused = await fleet(["destroy", "--stack", stackName]);
    expect(refused.exitCode).to.equal(1);
    expect(refused.all).to.contain("say so: --yes");
    expect((await status()).runners).not.to.deep.equal([]);

    const { exitCode, all } = await fleet(["destroy", "--stack", stackName, "--yes"]);
    expect(exitCode, all).to.equal(0);
    expect(all)
      .to.match(/remove host .*: done/)
      .and.not.match(/glrt-\w|PRIVATE KEY/);
    const { runners, hosts, tasks } = await status();
    expect(runners).to.deep.equal([]);
    expect(hosts.filter(({ state }) => state !== "terminated")).to.deep.equal([]);
    expect(tasks.running).to.equal(0);
    expect((await exportStack()).resources ?? []).to.deep.equal([]);
  });
});
