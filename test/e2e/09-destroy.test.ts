/** The stack goes as it came: runners out of GitLab, the host drained, nothing left in AWS. */
import { expect } from "chai";
import { sandboxOk, status, useSandbox } from "../support/sandbox";
import { exportStack } from "../support/stack";

describe("pulumi destroy", () => {
  useSandbox();

  it("removes the runners from GitLab and the host", async () => {
    await sandboxOk(["pulumi", "destroy", "--yes", "--skip-preview"]);
    const { runners, hosts, tasks } = await status();
    expect(runners).to.deep.equal([]);
    expect(hosts.filter(({ state }) => state !== "terminated")).to.deep.equal([]);
    expect(tasks.running).to.equal(0);
    expect((await exportStack()).resources ?? []).to.deep.equal([]);
  });
});
