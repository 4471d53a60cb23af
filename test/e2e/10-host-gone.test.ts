/** A host that is terminated, stopped or cut off holds up no deployment: the next one goes through, and jobs run. */
import { EC2Client, StopInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { expect } from "chai";
import { stackName } from "../../sandbox/config";
import { pulumiOk } from "../support/engine";
import { fleet } from "../support/fleet-cli";
import { onHost } from "../support/host";
import { runCi, status, useSandbox } from "../support/sandbox";
import { exportStack, previewSteps } from "../support/stack";
import { awsSettings } from "../support/task-definitions";

const ec2 = new EC2Client(awsSettings);

async function runningHost() {
  const running = (await status()).hosts.filter(({ state }) => state === "running");
  expect(running).to.have.length(1);
  return running[0];
}

async function aJobRuns(): Promise<void> {
  const { jobs } = await runCi("job:\n  script: [echo fine]\n");
  expect(jobs[0].status, jobs[0].trace).to.equal("success");
}

const instance = "aws:ec2/instance:Instance";

describe("a host that is gone", () => {
  useSandbox();

  it("is followed by another one with the next refresh, where it was terminated", async () => {
    const { instanceId } = await runningHost();
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    const { all } = await pulumiOk(["up", "--yes", "--skip-preview", "--refresh"]);
    expect(all).to.contain("gitlab-runners-host: not drained, as it has not answered for 60 s");
    expect((await runningHost()).instanceId).to.not.equal(instanceId);
    const left = (await previewSteps(["--refresh"])).filter(({ op }) => !["same", "refresh"].includes(op));
    expect(left).to.deep.equal([]);
    await aJobRuns();
  });

  it("changes nothing while it is stopped, and is replaced where one says so", async () => {
    const { instanceId } = await runningHost();
    await ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    const left = (await previewSteps(["--refresh"])).filter(({ op }) => !["same", "refresh"].includes(op));
    expect(left).to.deep.equal([]);

    const { urn } = (await exportStack()).resources.find(({ type }) => type === instance)!;
    const { all } = await pulumiOk(["up", "--yes", "--skip-preview", "--refresh", "--replace", urn]);
    expect(all).to.contain("gitlab-runners-host: not drained");
    expect((await runningHost()).instanceId).to.not.equal(instanceId);
    await aJobRuns();
  });

  it("keeps no stack from being destroyed, where nobody can reach it", async () => {
    const { instanceId } = await runningHost();
    await onHost("systemctl stop ssh.service; systemctl stop ssh.socket || true");
    const { exitCode, all } = await fleet(["destroy", "--stack", stackName, "--yes"]);
    expect(exitCode, all).to.equal(0);
    expect(all).to.contain("gitlab-runners-host: not drained, as it has not answered for 60 s");
    expect((await exportStack()).resources ?? []).to.deep.equal([]);
    const { hosts, runners } = await status();
    expect(hosts.find((host) => host.instanceId === instanceId)?.state).to.equal("terminated");
    expect(runners).to.deep.equal([]);
  });
});
