/** Task definitions that ECS registers for Fargate, and those that it refuses. */
import { expect } from "chai";
import { validateForFargate } from "../../../sandbox/aws/ecs/register-task-definition";
import type { ContainerDefinition, TaskDefinition } from "../../../sandbox/aws/ecs/types";
import { AwsError } from "../../../sandbox/aws/protocol";

const healthCheck = { command: ["CMD-SHELL", "pg_isready"], interval: 5, timeout: 2, retries: 1, startPeriod: 0 };
const database = { name: "postgres", image: "docker.io/library/postgres:17", healthCheck };
const job: ContainerDefinition = {
  name: "ci-coordinator",
  image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/job:1",
  dependsOn: [{ containerName: "postgres", condition: "HEALTHY" }],
  logConfiguration: { logDriver: "awslogs" },
  portMappings: [{ containerPort: 22, hostPort: 22 }],
  mountPoints: [{ sourceVolume: "shared", containerPath: "/shared" }],
  stopTimeout: 120,
  ulimits: [{ name: "nofile", softLimit: 1, hardLimit: 1 }],
};
const definition = (containers: object[] = [job, database], more: object = {}): TaskDefinition =>
  ({
    ...{ family: "ci", networkMode: "awsvpc", cpu: "512", memory: "1024", volumes: [{ name: "shared", host: {} }] },
    executionRoleArn: "arn:aws:iam::123456789012:role/execution",
    containerDefinitions: containers,
    ...more,
  }) as unknown as TaskDefinition;

/** What is said of a task definition; nothing where it is registered. */
function said(one: TaskDefinition): string {
  try {
    validateForFargate(one);
    return "";
  } catch (error) {
    if (error instanceof AwsError && error.code === "ClientException") return error.message;
    throw error;
  }
}

describe("RegisterTaskDefinition for Fargate", () => {
  it("takes a job with a database beside it", () => {
    expect(said(definition())).to.equal("");
  });

  it("takes ten containers, and no eleventh", () => {
    const others = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ name: `service-${n}`, image: "redis:8" }));
    expect(said(definition([job, database, ...others(8)]))).to.equal("");
    expect(said(definition([job, database, ...others(9)]))).to.equal("Too many containers.");
  });

  const capability = (...add: string[]) => ({ linuxParameters: { capabilities: { add } } });
  const refusedOfContainers: [Partial<ContainerDefinition> | object, RegExp][] = [
    [{ privileged: true }, /not support privileged/],
    [{ links: ["postgres"] }, /not support links/],
    [{ extraHosts: [{ hostname: "db", ipAddress: "127.0.0.1" }] }, /not support extraHosts/],
    [{ hostname: "db" }, /not support hostname/],
    [{ dnsServers: ["10.0.0.2"] }, /not support dnsServers/],
    [{ dockerSecurityOptions: ["no-new-privileges"] }, /not support dockerSecurityOptions/],
    [{ resourceRequirements: [{ type: "GPU", value: "1" }] }, /not support resourceRequirements/],
    [{ linuxParameters: { devices: [{ hostPath: "/dev/fuse" }] } }, /not support devices/],
    [{ linuxParameters: { sharedMemorySize: 64 } }, /not support sharedMemorySize/],
    [{ linuxParameters: { tmpfs: [{ containerPath: "/tmp", size: 1 }] } }, /not support tmpfs/],
    [capability("SYS_ADMIN"), /not support adding the capability SYS_ADMIN/],
    [{ ulimits: [{ name: "nproc", softLimit: 1, hardLimit: 1 }] }, /not support ulimit nproc/],
    [{ logConfiguration: { logDriver: "json-file" } }, /not support log driver json-file/],
    [{ portMappings: [{ containerPort: 22, hostPort: 2222 }] }, /hostPort is containerPort/],
    [{ mountPoints: [{ sourceVolume: "other", containerPath: "/x" }] }, /^Unknown volume 'other'\.$/],
    [{ stopTimeout: 121 }, /stopTimeout is not within 0–120/],
    [{ startTimeout: 1 }, /startTimeout is not within 2–120/],
    [{ memory: 2048 }, /memory is more than the task's/],
    [{ memory: 100, memoryReservation: 101 }, /memory must be greater than memoryReservation/],
    [{ cpu: 513 }, /cpu is more than the task's/],
    [{ healthCheck: { ...healthCheck, interval: 4 } }, /healthCheck\.interval is not within 5–300/],
    [{ healthCheck: { ...healthCheck, timeout: 61 } }, /healthCheck\.timeout is not within 2–60/],
    [{ healthCheck: { ...healthCheck, retries: 0 } }, /healthCheck\.retries is not within 1–10/],
    [{ healthCheck: { command: ["pg_isready"] } }, /begins with CMD or CMD-SHELL/],
    [{ dependsOn: [{ containerName: "redis", condition: "START" }] }, /dependsOn redis, which is not there/],
    [{ dependsOn: [{ containerName: "postgres", condition: "SUCCESS" }] }, /postgres is essential/],
    [{ dependsOn: [{ containerName: "ci-coordinator", condition: "START" }] }, /'ci-coordinator' make a circle/],
    [{ name: "postgres", dependsOn: [] }, /names must be unique/],
  ];
  for (const [changes, message] of refusedOfContainers) {
    it(`refuses ${JSON.stringify(changes)}`, () => {
      expect(said(definition([{ ...job, ...changes }, database]))).to.match(message);
    });
  }

  it("takes the one capability that Fargate adds", () => {
    expect(said(definition([{ ...job, ...capability("SYS_PTRACE") }, database]))).to.equal("");
  });

  it("refuses to wait for the health of a container that has no check, and for one another", () => {
    expect(said(definition([job, { ...database, healthCheck: undefined }]))).to.include("postgres has no health check");
    const back = { ...database, dependsOn: [{ containerName: "ci-coordinator", condition: "START" }] };
    expect(said(definition([job, back]))).to.include("make a circle");
    const init = { ...database, name: "init", essential: false };
    const after = { ...job, dependsOn: [{ containerName: "init", condition: "SUCCESS" }] };
    expect(said(definition([after, init]))).to.equal("");
  });

  const refusedOfTasks: [object, RegExp][] = [
    [{ networkMode: "bridge" }, /^Fargate only supports network mode ‘awsvpc’\.$/],
    [{ cpu: undefined }, /^Fargate requires that 'cpu' be defined at the task level\.$/],
    [{ memory: "1000" }, /^No Fargate configuration exists/],
    [{ volumes: [{ name: "shared", host: { sourcePath: "/var/lib" } }] }, /not support sourcePath$/],
    [{ ipcMode: "host" }, /not support ipcMode/],
    [{ executionRoleArn: undefined }, /execution role ARN to support log driver awslogs/],
    [{ containerDefinitions: [{ ...database, essential: false }] }, /at least one essential container/],
  ];
  for (const [changes, message] of refusedOfTasks) {
    it(`refuses a task's ${JSON.stringify(changes)}`, () => {
      expect(said(definition(undefined, changes))).to.match(message);
    });
  }
});
