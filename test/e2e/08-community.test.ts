/** What was made for the community driver works unchanged: its fargate.toml, and its task definition. */
import { expect } from "chai";
import { withFargateToml } from "../support/host";
import { runCi, scriptLines } from "../support/pipelines";
import { useSandbox } from "../support/sandbox";
import { copyTaskDefinition, guardless } from "../support/task-definitions";

describe("an installation of the community driver", () => {
  useSandbox();

  it("runs its jobs with its own file and task definition", async () => {
    const { taskDefinition, cluster, subnet, securityGroup } = await copyTaskDefinition(guardless);
    // https://docs.gitlab.com/runner/configuration/runner_autoscale_aws_fargate/
    const toml = `LogLevel = "info"
LogFormat = "text"

[Fargate]
  Cluster = "${cluster}"
  Region = "us-east-1"
  Subnet = "${subnet}"
  SecurityGroup = "${securityGroup}"
  TaskDefinition = "${taskDefinition}"
  EnablePublicIP = true

[TaskMetadata]
  Directory = "/opt/gitlab-runner/metadata"

[SSH]
  Username = "root"
  Port = 22
`;
    await withFargateToml(
      () => toml,
      async () => {
        const result = await runCi(
          [
            "succeeds:",
            "  script: [echo fine, git --version]",
            "  artifacts: {paths: [.gitlab-ci.yml]}",
            "fails:",
            "  script: [exit 42]",
            "  allow_failure: {exit_codes: [42]}",
            "chooses:",
            `  variables: {FARGATE_TASK_DEFINITION: "${taskDefinition}", FARGATE_PLATFORM_VERSION: "1.4.0"}`,
            "  script: [echo chosen]",
            "",
          ].join("\n"),
        );
        const outcome = Object.fromEntries(
          result.jobs.map(({ name, status, exit_code }) => [name, [status, exit_code]]),
        );
        expect(outcome).to.deep.equal({ succeeds: ["success", 0], fails: ["failed", 42], chooses: ["success", 0] });
        expect(result.exitCode).to.equal(0);
        const [{ trace }] = result.jobs;
        expect(trace).to.contain(`Starting a Fargate task of ${taskDefinition} (on-demand capacity)`);
        expect(scriptLines(trace)).to.include("fine");
        expect(result.tasks).to.deep.equal({ started: 3, stopped: 3, running: 0 });
      },
    );
  });
});
