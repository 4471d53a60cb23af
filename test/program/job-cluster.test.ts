import { expect } from "chai";
import { parse } from "smol-toml";
import { ofType, only, plain, type Deployment } from "./support/deploy";
import { command, run, tags, taskDefinition } from "./support/program";
import { raw } from "./support/settings";

describe("cluster", () => {
  let base: Deployment;
  before(async () => (base = await run()));

  it("runs the job image as ci-coordinator, reachable by SSH, its log kept", () => {
    const { containerDefinitions, ...inputs } = plain(only(base, taskDefinition).inputs);
    const repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/gitlab-runners-job";
    expect(JSON.parse(containerDefinitions as string)).to.deep.equal([
      {
        name: "ci-coordinator",
        image: `${repository}@sha256:${"e".repeat(64)}`,
        essential: true,
        portMappings: [{ containerPort: 22, hostPort: 22, protocol: "tcp" }],
        linuxParameters: { initProcessEnabled: true },
        stopTimeout: 120,
        logConfiguration: {
          logDriver: "awslogs",
          options: {
            "awslogs-group": "gitlab-runners-1a2b3c4",
            "awslogs-region": "eu-central-1",
            "awslogs-stream-prefix": "job",
          },
        },
      },
    ]);
    expect(inputs).to.deep.equal({
      family: "gitlab-fargate-runners-test_default",
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: "1024",
      memory: "2048",
      runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: "X86_64" },
      executionRoleArn: "arn:aws:iam::123456789012:role/gitlab-runners-execution",
      taskRoleArn: "arn:aws:iam::123456789012:role/gitlab-runners-task",
      tags,
      // A job that waits has the revision of before, and ECS starts nothing of one that is deregistered.
      skipDestroy: true,
    });
  });

  it("has a task definition for each size", async () => {
    const sizes = { large: { cpu: 4096, memory: 16384, ephemeralStorage: 60 } };
    const deployment = await run(raw({ sizes, architecture: "arm64" }));
    const large = only(deployment, taskDefinition, "gitlab-fargate-runners-test_large");
    expect(ofType(deployment, taskDefinition)).to.have.length(2);
    expect(plain(large.inputs)).to.deep.include({
      cpu: "4096",
      memory: "16384",
      ephemeralStorage: { sizeInGib: 60 },
      runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: "ARM64" },
    });
  });

  it("lets jobs name its task definitions only, and ask for what the settings bound", async () => {
    const sizes = { large: { cpu: 4096, memory: 16384 } };
    const deployment = await run(raw({ sizes, maxSize: { cpu: 4096, memory: 8192 } }));
    const { stdin } = plain<{ stdin: string }>(only(deployment, command, "gitlab-runners-host-fargate-toml").inputs);
    expect((parse(stdin) as { Fargate: unknown }).Fargate).to.deep.include({
      AllowedTaskDefinitions: ["gitlab-fargate-runners-test_default", "gitlab-fargate-runners-test_large"],
      MaxCPU: 4096,
      MaxMemory: 8192,
    });
  });

  it("has a default strategy, for callers that name none", async () => {
    const type = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders";
    const strategy = async (spot: string) =>
      plain(only(await run(raw({ spot })), type).inputs).defaultCapacityProviderStrategies;
    expect(await strategy("never")).to.deep.equal([{ capacityProvider: "FARGATE", weight: 1, base: 0 }]);
    expect(await strategy("only")).to.deep.equal([{ capacityProvider: "FARGATE_SPOT", weight: 1, base: 0 }]);
  });

  it("gives jobs a role without any policy", () => {
    const roles = ofType(base, "aws:iam/rolePolicy:RolePolicy").map(({ inputs }) => inputs.role);
    expect(roles).to.have.members(["gitlab-runners-execution-id", "gitlab-runners-host-id"]);
  });
});
