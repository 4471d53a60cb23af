/**
 * AWS's real parts: runc tasks, nspawn hosts, the registry, and what is left of them after a crash. Needs root and the
 * sandbox's artifacts, and the machine's one sandbox to itself.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  ImportKeyPairCommand,
  RevokeSecurityGroupIngressCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateClusterCommand,
  DeleteClusterCommand,
  DescribeTasksCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  type ContainerDefinition,
  type RunTaskCommandInput,
} from "@aws-sdk/client-ecs";
import { expect } from "chai";
import { firstContactUserData, firstHostKey } from "../../../components/host/first-contact";
import type { HostView } from "../../../sandbox/aws";
import { stateDir } from "../../../sandbox/config";
import { prepareArtifacts } from "../../../sandbox/setup";
import { healWorld, whatIsLeft } from "../../../sandbox/world";
import { attempt, run } from "../../../sandbox/command";
import { processesIn, sandboxCgroups } from "../../../sandbox/world/cgroups";
import { linkName } from "../../../sandbox/world/network";
import { until } from "../../support/until";
import { addressOf, createExecutionRole, ec2, ecs, inTask, pushImage, startDaemon, taskIs } from "./machine";
import type { Daemon, Tasks } from "./machine";

const cluster = "parts";
const image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/parts:latest";
const fromHere = [{ IpProtocol: "tcp", FromPort: 0, ToPort: 65_535, IpRanges: [{ CidrIp: "172.31.255.254/32" }] }];

describe("AWS's real parts", () => {
  let daemon: Daemon;
  let subnets: string[];
  /** Lets this machine in. */
  let open: string;
  let folder: string;
  let executionRoleArn: string;

  before("start AWS and push an image", async function () {
    this.timeout(600_000);
    const artifacts = await prepareArtifacts({ onProgress: () => {} });
    folder = mkdtempSync(path.join(os.tmpdir(), "aws-parts-"));
    await healWorld();
    daemon = await startDaemon(artifacts, path.join(folder, "daemon.log"));
    await pushImage(artifacts.alpineRootfs, "parts");
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    subnets = Subnets.map(({ SubnetId }) => SubnetId!).slice(0, 2);
    const group = await ec2.send(new CreateSecurityGroupCommand({ GroupName: "open", Description: "from here" }));
    open = group.GroupId!;
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: open, IpPermissions: fromHere }));
    await ecs.send(new CreateClusterCommand({ clusterName: cluster }));
    executionRoleArn = await createExecutionRole("parts");
    await register("serve", { stopTimeout: 5 });
  });

  after("leave nothing", async () => {
    await daemon?.kill();
    await healWorld();
    rmSync(folder, { recursive: true, force: true });
  });

  const register = (family: string, container: Partial<ContainerDefinition>) =>
    ecs.send(
      new RegisterTaskDefinitionCommand({
        family,
        networkMode: "awsvpc",
        cpu: "256",
        memory: "512",
        requiresCompatibilities: ["FARGATE"],
        executionRoleArn,
        containerDefinitions: [{ name: "main", image, ...container }],
      }),
    );
  const runTask = async (taskDefinition: string, more: Partial<RunTaskCommandInput> = {}) => {
    const { tasks = [] } = await ecs.send(
      new RunTaskCommand({
        cluster,
        taskDefinition,
        launchType: "FARGATE",
        networkConfiguration: { awsvpcConfiguration: { subnets, securityGroups: [open] } },
        ...more,
      }),
    );
    return tasks.map(({ taskArn }) => taskArn!);
  };

  it("run a task from the registry's image, with its overrides, in a network of its own", async () => {
    const environment = [{ name: "GREETING", value: "two words" }];
    const [arn] = await runTask("serve", {
      startedBy: "test/1",
      overrides: { containerOverrides: [{ name: "main", environment }] },
    });
    const task = await taskIs(cluster, arn!, "RUNNING");
    expect(addressOf(task)).to.match(/^172\.31\./);
    expect(await inTask(addressOf(task), 'echo "$GREETING"; ip -4 -o addr show eth0')).to.match(
      new RegExp(`^two words\n.* ${addressOf(task)}/16 `),
    );
    const { taskArns } = await ecs.send(new ListTasksCommand({ cluster, startedBy: "test/1" }));
    expect(taskArns).to.deep.equal([arn]);
    const deletion = await ecs.send(new DeleteClusterCommand({ cluster })).catch((error: Error) => error.name);
    expect(deletion).to.equal("ClusterContainsTasksException");

    await ecs.send(new StopTaskCommand({ cluster, task: arn, reason: "seen enough" }));
    const stopped = await taskIs(cluster, arn!, "STOPPED");
    expect(stopped).to.include({ stopCode: "UserInitiated", stoppedReason: "seen enough" });
    // The container's own handler of SIGTERM had its say.
    expect(stopped.containers![0]!.exitCode).to.equal(3);
  });

  it("start one task for a client token however often it is sent", async () => {
    const before = (await daemon.ask<Tasks>({ ask: "tasks" })).started;
    const answers = await Promise.all([1, 2, 3].map(() => runTask("serve", { clientToken: "once" })));
    expect(new Set(answers.flat()).size).to.equal(1);
    expect((await daemon.ask<Tasks>({ ask: "tasks" })).started).to.equal(before + 1);
    await ecs.send(new StopTaskCommand({ cluster, task: answers[0]![0] }));
  });

  it("hold each network to its security groups, as they are at that moment", async () => {
    const [guarded, other] = await Promise.all([
      runTask("serve"),
      runTask("serve", { networkConfiguration: { awsvpcConfiguration: { subnets } } }),
    ]);
    const [inside, outside] = await Promise.all([guarded, other].map(([arn]) => taskIs(cluster, arn!, "RUNNING")));
    const ask = (port: number, from: string) =>
      inTask(addressOf(inside), `nc -w 1 -z ${from} ${port} && echo open || echo closed`);
    // The default group, which a task has unless it is given another, lets in its own members only.
    expect(await ask(7000, addressOf(outside))).to.equal("closed\n");
    await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: open, IpPermissions: fromHere }));
    const shut = inTask(addressOf(inside), "echo through").catch((error: Error) => error.message);
    expect(await Promise.race([shut, delay(1_000, "silence")])).to.equal("silence");
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: open, IpPermissions: fromHere }));
    expect(await shut).to.equal("through\n");
    for (const [arn] of [guarded, other]) await ecs.send(new StopTaskCommand({ cluster, task: arn }));
  });

  it("keep tasks away from the instance metadata", async () => {
    const [arn] = await runTask("serve");
    const task = await taskIs(cluster, arn!, "RUNNING");
    const output = await inTask(addressOf(task), "wget -T 1 -q -O - http://169.254.169.254/latest/ 2>&1; echo $?");
    expect(output).to.match(/timed out\n1\n$/);
    await ecs.send(new StopTaskCommand({ cluster, task: arn }));
  });

  it("stop a task when its essential container exits, with the exit code", async () => {
    await register("exits", { command: ["sh", "-c", "exit 42"] });
    const [arn] = await runTask("exits");
    const task = await taskIs(cluster, arn!, "STOPPED");
    expect(task.stopCode).to.equal("EssentialContainerExited");
    expect(task.containers![0]!.exitCode).to.equal(42);
  });

  it("let a task's containers share network and volume, and start in order", async () => {
    const mountPoints = [{ sourceVolume: "shared", containerPath: "/shared" }];
    const listen = "echo ready > /shared/ready; nc -l -p 9000 > /shared/heard; grep -q hello /shared/heard && exit 7";
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: "several",
        networkMode: "awsvpc",
        cpu: "256",
        memory: "512",
        requiresCompatibilities: ["FARGATE"],
        executionRoleArn,
        volumes: [{ name: "shared" }],
        containerDefinitions: [
          {
            name: "talker",
            image,
            essential: false,
            mountPoints,
            command: ["sh", "-c", "cat /shared/first && until echo hello | nc -w 1 127.0.0.1 9000; do :; done"],
            dependsOn: [{ containerName: "first", condition: "SUCCESS" }],
          },
          { name: "listener", image, mountPoints, command: ["sh", "-c", listen] },
          { name: "first", image, essential: false, mountPoints, command: ["sh", "-c", "echo done > /shared/first"] },
        ],
      }),
    );
    const task = await taskIs(cluster, (await runTask("several"))[0]!, "STOPPED");
    const exitCodes = Object.fromEntries(task.containers!.map(({ name, exitCode }) => [name, exitCode]));
    expect(exitCodes).to.include({ listener: 7, first: 0 });
    expect(
      new Set(task.containers!.map((container) => container.networkInterfaces![0]!.privateIpv4Address)).size,
    ).to.equal(1);
  });

  it("end a task that passes its memory limit", async () => {
    await register("greedy", { command: ["sh", "-c", "awk 'BEGIN { s = \"x\"; while (1) s = s s }'; sleep 60"] });
    const [arn] = await runTask("greedy");
    const task = await taskIs(cluster, arn!, "STOPPED");
    expect(task.containers![0]).to.include({
      exitCode: 137,
      reason: "OutOfMemoryError: Container killed due to memory usage",
    });
  });

  it("say why a task could not start", async () => {
    await register("no-image", { image: image.replace("parts:", "absent:") });
    const pull = await taskIs(cluster, (await runTask("no-image"))[0]!, "STOPPED");
    expect(pull.stopCode).to.equal("TaskFailedToStart");
    expect(pull.stoppedReason).to.match(/^CannotPullContainerError: .*absent:latest.*manifest unknown/);
    expect(pull.containers![0]!.reason).to.equal(pull.stoppedReason);
    await register("no-program", { entryPoint: ["/no/such/program"] });
    const start = await taskIs(cluster, (await runTask("no-program"))[0]!, "STOPPED");
    expect(start.stoppedReason).to.match(/^CannotStartContainerError: .*no such file/);
    expect(start.containers![0]!.reason).to.equal(start.stoppedReason);
  });

  it("interrupt, cut off and throttle when told", async () => {
    const [arn] = await runTask("serve");
    const task = await taskIs(cluster, arn!, "RUNNING");
    await daemon.ask({ ask: "toTask", fault: "cut-network", taskArn: arn! });
    const cut = inTask(addressOf(task), "echo through").catch((error: Error) => error.message);
    expect(await Promise.race([cut, delay(1_000, "silence")])).to.equal("silence");
    await daemon.ask({ ask: "toTask", fault: "mend-network", taskArn: arn! });
    expect(await cut).to.equal("through\n");
    await daemon.ask({ ask: "interruptSpot", taskArn: arn! });
    expect((await taskIs(cluster, arn!, "STOPPED")).stopCode).to.equal("SpotInterruption");

    await daemon.ask({ ask: "throttle", action: "DescribeTasks" });
    const describe = new DescribeTasksCommand({ cluster, tasks: [arn!] });
    // The SDK's own retries see the fault; the call succeeds after it.
    const { $metadata } = await ecs.send(describe);
    expect($metadata.attempts).to.equal(2);
  });

  it("boot an instance with the host key of its user data, which admits the key pair's owner and knows its AWS", async () => {
    const key = path.join(folder, "key");
    const userData = firstContactUserData();
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const { stdout: publicKey } = await attempt("cat", [`${key}.pub`]);
    await ec2.send(new ImportKeyPairCommand({ KeyName: "parts", PublicKeyMaterial: Buffer.from(publicKey) }));
    const { Instances = [] } = await ec2.send(
      new RunInstancesCommand({
        ...{ ImageId: "ami-12c6146b", MinCount: 1, MaxCount: 1, KeyName: "parts", SecurityGroupIds: [open] },
        UserData: Buffer.from(userData).toString("base64"),
      }),
    );
    const { InstanceId: id, PrivateIpAddress: address } = Instances[0]!;
    const knownHosts = path.join(folder, "known_hosts");
    writeFileSync(knownHosts, `${address} ${firstHostKey(userData)}\n`);
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id!] }));
    expect(Reservations[0]!.Instances![0]!.PrivateIpAddress).to.equal(address);

    const hostIs = async (state: HostView["state"]) => {
      const find = async () => (await daemon.ask<HostView[]>({ ask: "hosts" })).find((host) => host.instanceId === id);
      for (let host = await find(); host?.state !== state; host = await find()) {
        if (host?.state === "failed") throw new Error("the host does not boot");
        await delay(50);
      }
    };
    await hostIs("running");
    const onHost = async (command: string) =>
      run("ssh", [
        ...["-i", key, "-o", "StrictHostKeyChecking=yes", "-o", `UserKnownHostsFile=${knownHosts}`],
        ...[`admin@${address}`, command],
      ]);
    expect(await onHost("sudo systemctl is-system-running --wait")).to.equal("running\n");
    expect(await onHost("echo $AWS_ENDPOINT_URL")).to.equal("http://172.31.255.254:4566\n");
    expect(await onHost("sudo systemd-run --wait --pipe -q printenv AWS_ENDPOINT_URL")).to.equal(
      "http://172.31.255.254:4566\n",
    );
    const token = "$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $imds/api/token)";
    const metadata = `imds=http://169.254.169.254/latest; curl -sf -H "X-aws-ec2-metadata-token: ${token}" $imds/meta-data`;
    expect(await onHost(`${metadata}/instance-id`)).to.equal(id);
    expect(await onHost("curl -s -o /dev/null -w %{http_code} http://169.254.169.254/latest/meta-data/")).to.equal(
      "401",
    );

    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id!] }));
    await hostIs("terminated");
  });

  it("end with their daemon, however that goes, but for what healWorld() finds", async () => {
    const [arn] = await runTask("serve");
    const address = addressOf(await taskIs(cluster, arn!, "RUNNING"));
    await ec2.send(new RunInstancesCommand({ ImageId: "ami-12c6146b", MinCount: 1, MaxCount: 1 }));
    const link = linkName(address);
    const links = () => readFileSync("/proc/net/dev", "utf8");
    expect(links()).to.contain(link);
    await daemon.kill();
    await until("no process to be left", () => sandboxCgroups().every(({ dir }) => processesIn(dir).length === 0));
    await until("the task's network to be gone", () => !links().includes(link));
    const left = whatIsLeft();
    expect(left).to.include(stateDir).and.to.have.length.greaterThan(1);
    expect(await healWorld()).to.deep.equal(left);
    expect(whatIsLeft()).to.deep.equal([]);
    expect(await healWorld()).to.deep.equal([]);
  });
});
