/** The stack's security groups: who reaches the jobs' tasks, and what a job says where its host does not. */
import { expect } from "chai";
import {
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  ModifySecurityGroupRulesCommand,
  type SecurityGroupRule,
} from "@aws-sdk/client-ec2";
import { execa } from "execa";
import { cancelJob } from "../support/faults";
import { onHost, withFargateToml } from "../support/host";
import { administrator } from "../support/permissions";
import { runCi, runWith } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";
import { runningTasks } from "../support/tasks";

const ec2 = new EC2Client(administrator);

/** The one rule of the tasks' group. */
async function jobSsh(): Promise<SecurityGroupRule> {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const groups = SecurityGroups.filter(({ Description }) => Description === "CI jobs: SSH from the runner host only");
  const { SecurityGroupRules = [] } = await ec2.send(new DescribeSecurityGroupRulesCommand({}));
  const rules = SecurityGroupRules.filter(
    ({ GroupId, IsEgress }) => !IsEgress && groups.some((group) => group.GroupId === GroupId),
  );
  expect(rules).to.have.length(1);
  return rules[0];
}

/** Lets the hosts reach another port of the tasks while `act` runs. */
async function onPort<Result>(port: number, act: () => Promise<Result>): Promise<Result> {
  const { GroupId, SecurityGroupRuleId, IpProtocol, ReferencedGroupInfo } = await jobSsh();
  const set = (FromPort: number) =>
    ec2.send(
      new ModifySecurityGroupRulesCommand({
        GroupId,
        SecurityGroupRules: [
          {
            SecurityGroupRuleId,
            SecurityGroupRule: {
              ...{ IpProtocol, FromPort, ToPort: FromPort, ReferencedGroupId: ReferencedGroupInfo?.GroupId },
              Description: "SSH from the runner host",
            },
          },
        ],
      }),
    );
  await set(port);
  try {
    return await act();
  } finally {
    await set(22);
  }
}

describe("the tasks' security group", () => {
  useSandbox();

  it("lets the hosts in: without its rule a job fails, and says what to look at", async () => {
    const shorter = (text: string) => text.replace(/^\[SSH\]$/m, '[SSH]\nConnectTimeout = "10s"');
    const { jobs, tasks } = await onPort(2222, () =>
      withFargateToml(shorter, () => runCi("job:\n  script: [echo never]\n")),
    );
    expect(jobs[0], jobs[0].trace).to.include({ status: "failed", failure_reason: "runner_system_failure" });
    expect(jobs[0].trace)
      .to.match(/the task at 172\.31\.\d+\.\d+:22 could not be reached within/)
      .and.to.contain("check that a security group of the task lets the runner's host in on this port");
    expect(tasks.stopped).to.equal(tasks.started);
  });

  it("lets them in on SSH's port alone, and nobody else at all", async () => {
    const seen: Record<string, string> = {};
    const listening =
      "job:\n  script: ['(nc -lk -p 9000 -e echo here) & echo listens-\"\"now', while sleep 1; do echo tick; done]\n";
    const { jobs } = await runWith(listening, {
      "listens-now": async ({ id }) => {
        const [{ address }] = await runningTasks();
        const look = (port: number) => `timeout 2 bash -c "</dev/tcp/${address}/${port}" && echo open || echo shut`;
        for (const port of [22, 9000]) {
          seen[`host:${port}`] = lastWord(await onHost(look(port)));
          seen[`else:${port}`] = lastWord((await execa("sh", ["-c", look(port)])).stdout);
        }
        await cancelJob(id);
      },
    });
    expect(jobs[0].status, jobs[0].trace).to.equal("canceled");
    expect(seen).to.deep.equal({ "host:22": "open", "else:22": "shut", "host:9000": "shut", "else:9000": "shut" });
  });
});

const lastWord = (text: string) => text.trim().split(/\s/).at(-1)!;
