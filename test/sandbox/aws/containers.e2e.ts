/** Tasks of several containers, of images that are nobody's here. Needs root and the machine's one sandbox to itself. */
import * as path from "node:path";
import { AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand } from "@aws-sdk/client-ec2";
import { DescribeSubnetsCommand } from "@aws-sdk/client-ec2";
import {
  CreateClusterCommand,
  DescribeTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  type ContainerDefinition,
  type Task,
} from "@aws-sdk/client-ecs";
import { expect } from "chai";
import { prepareArtifacts } from "../../../sandbox/setup";
import { healWorld } from "../../../sandbox/world";
import { prepareForeignImages, pushForeignImage } from "../../support/images";
import { scratch } from "../../support/scratch";
import { until } from "../../support/until";
import {
  addressOf,
  createExecutionRole,
  ec2,
  ecs,
  inTask,
  pushImage,
  startDaemon,
  taskIs,
  type Daemon,
} from "./machine";

const cluster = "several";
/** Serves a shell, and ends with 3 on SIGTERM. */
const main = { name: "main", image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/parts:latest" };

describe("a task of several containers", () => {
  const folder = scratch();
  let daemon: Daemon;
  let executionRoleArn: string;
  let awsvpcConfiguration: { subnets: string[]; securityGroups: string[] };

  before("start AWS and push images", async function () {
    this.timeout(600_000);
    const artifacts = await prepareArtifacts({ onProgress: () => {} });
    await prepareForeignImages({ onProgress: () => {} });
    await healWorld();
    daemon = await startDaemon(artifacts, path.join(folder.dir, "daemon.log"));
    await pushImage(artifacts.alpineRootfs, "parts");
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    const { GroupId } = await ec2.send(new CreateSecurityGroupCommand({ GroupName: "in", Description: "from here" }));
    const from = { IpProtocol: "tcp", FromPort: 0, ToPort: 65_535, IpRanges: [{ CidrIp: "172.31.255.254/32" }] };
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [from] }));
    awsvpcConfiguration = { subnets: [Subnets[0]!.SubnetId!], securityGroups: [GroupId!] };
    await ecs.send(new CreateClusterCommand({ clusterName: cluster }));
    executionRoleArn = await createExecutionRole("execution");
  });

  after("leave nothing", async () => {
    await daemon?.kill();
    await healWorld();
    folder.remove();
  });

  /** Registers a task definition and starts a task of it. */
  async function start(family: string, containerDefinitions: ContainerDefinition[]): Promise<string> {
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        ...{ family, networkMode: "awsvpc", cpu: "512", memory: "1024", requiresCompatibilities: ["FARGATE"] },
        executionRoleArn,
        volumes: [{ name: "shared" }],
        containerDefinitions,
      }),
    );
    const { tasks = [] } = await ecs.send(
      new RunTaskCommand({
        ...{ cluster, taskDefinition: family, launchType: "FARGATE" },
        networkConfiguration: { awsvpcConfiguration },
      }),
    );
    return tasks[0]!.taskArn!;
  }
  const stop = (task: string) => ecs.send(new StopTaskCommand({ cluster, task }));
  const look = async (task: string) =>
    (await ecs.send(new DescribeTasksCommand({ cluster, tasks: [task] }))).tasks![0]!;
  const containerOf = ({ containers = [] }: Task, name: string) => containers.find((one) => one.name === name)!;

  it("starts a container when the health check of another passes, and tells of both", async () => {
    const password = [{ name: "POSTGRES_PASSWORD", value: "secret" }];
    const healthCheck = { command: ["CMD-SHELL", "pg_isready --host=127.0.0.1 --quiet"], interval: 5 };
    const database = {
      name: "database",
      image: await pushForeignImage("postgres"),
      environment: password,
      healthCheck,
    };
    const arn = await start("database", [
      { ...main, dependsOn: [{ containerName: "database", condition: "HEALTHY" }] },
      database,
    ]);
    const task = await taskIs(cluster, arn, "RUNNING");
    expect(task.healthStatus).to.equal("HEALTHY");
    expect(containerOf(task, "database").healthStatus).to.equal("HEALTHY");
    expect(containerOf(task, "main").healthStatus).to.equal("UNKNOWN");
    expect(await inTask(addressOf(task), "nc -z 127.0.0.1 5432 && echo open")).to.equal("open\n");
    await stop(arn);
  });

  it("is unhealthy where an essential container's check fails, and runs on", async () => {
    const healthCheck = { command: ["CMD", "false"], interval: 5, retries: 1 };
    const arn = await start("ill", [main, { ...main, name: "ill", command: ["sleep", "600"], healthCheck }]);
    await until("the container to be unhealthy", async () => (await look(arn)).healthStatus === "UNHEALTHY");
    const task = await look(arn);
    expect(containerOf(task, "ill").healthStatus).to.equal("UNHEALTHY");
    expect(task.lastStatus).to.equal("RUNNING");
    await stop(arn);
  });

  it("tells which container has passed its memory, and that one alone ends", async () => {
    const command = ["sh", "-c", "awk 'BEGIN { s = \"x\"; while (1) s = s s }'; sleep 600"];
    const arn = await start("greedy", [main, { ...main, name: "greedy", essential: false, memory: 64, command }]);
    await until("the container to end", async () => containerOf(await look(arn), "greedy").lastStatus === "STOPPED");
    const task = await look(arn);
    expect(task.lastStatus).to.equal("RUNNING");
    expect(containerOf(task, "greedy")).to.include({
      exitCode: 137,
      reason: "OutOfMemoryError: Container killed due to memory usage",
    });
    expect(await inTask(addressOf(task), "echo alive")).to.equal("alive\n");
    await stop(arn);
    expect(containerOf(await taskIs(cluster, arn, "STOPPED"), "main").reason).to.equal(undefined);
  });

  it("shows an image's VOLUME, with its owner, to the containers that mount it", async () => {
    const arn = await start("volume", [
      {
        ...main,
        mountPoints: [{ sourceVolume: "shared", containerPath: "/shared" }],
        dependsOn: [{ containerName: "greeter", condition: "START" }],
      },
      {
        name: "greeter",
        image: await pushForeignImage("greeter"),
        mountPoints: [{ sourceVolume: "shared", containerPath: "/greetings" }],
      },
    ]);
    const address = addressOf(await taskIs(cluster, arn, "RUNNING"));
    const output = await inTask(address, "head -n 1 /shared/go.mod; stat -c %u /shared; nc 127.0.0.1 8080 </dev/null");
    expect(output).to.equal("module greeter\n1000\nhello\n");
    await stop(arn);
  });

  it("runs each as its image's user or its definition's, who has no capabilities from the start", async () => {
    const app = await pushForeignImage("app");
    const check = (uid: string) =>
      `test "$(id -u):$(id -g)" = ${uid} && grep -q "^CapEff:\\s0*$" /proc/self/status && test "$GREETING" && exit 7`;
    const arn = await start("users", [
      { name: "image", image: app, command: ["sh", "-c", `test "$(pwd)" = /srv/app && ${check("1000:1000")}`] },
      { name: "definition", image: app, essential: false, user: "nobody", command: ["sh", "-c", check("65534:65534")] },
    ]);
    const task = await taskIs(cluster, arn, "STOPPED");
    expect(containerOf(task, "image").exitCode).to.equal(7);
    expect(containerOf(task, "definition").exitCode).to.equal(7);
  });

  it("makes neither namespaces nor mounts, as root neither", async () => {
    const arn = await start("confined", [main]);
    const address = addressOf(await taskIs(cluster, arn, "RUNNING"));
    const attempts = ["unshare -U true", "unshare -m true", "mount -t tmpfs none /mnt", "mount -o bind /etc /mnt"];
    for (const attempt of attempts) {
      expect(await inTask(address, `${attempt} 2>&1; echo "exit code $?"`), attempt)
        .to.match(/not permitted|denied/i)
        .and.match(/exit code [1-9]/);
    }
    expect(await inTask(address, "grep ^Seccomp: /proc/self/status")).to.equal("Seccomp:\t2\n");
    await stop(arn);
  });

  it("ends a container after those that depend on it", async () => {
    const mountPoints = [{ sourceVolume: "shared", containerPath: "/shared" }];
    const onTerm = (action: string) => ["sh", "-c", `trap '${action}' TERM; while :; do sleep 0.1; done`];
    const arn = await start("order", [
      {
        ...{ ...main, mountPoints, command: onTerm("sleep 1; touch /shared/ended; exit 3") },
        dependsOn: [{ containerName: "database", condition: "START" }],
      },
      { ...main, name: "database", mountPoints, command: onTerm("test -e /shared/ended && exit 7; exit 8") },
    ]);
    await taskIs(cluster, arn, "RUNNING");
    await stop(arn);
    const task = await taskIs(cluster, arn, "STOPPED");
    expect(containerOf(task, "main").exitCode).to.equal(3);
    expect(containerOf(task, "database").exitCode).to.equal(7);
  });
});
