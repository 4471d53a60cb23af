import { expect } from "chai";
import {
  processArguments,
  processEnvironment,
  containerSpec,
  type ImageConfig,
} from "../../../sandbox/aws/ecs/container-spec";
import { describeTask } from "../../../sandbox/aws/ecs/describe-task";
import { pullSource } from "../../../sandbox/aws/ecs/images";
import { batchLines } from "../../../sandbox/aws/ecs/logs";
import { startInOrder } from "../../../sandbox/aws/ecs/start-order";
import { advance, markStopping, newTask } from "../../../sandbox/aws/ecs/task";
import type { ContainerDefinition } from "../../../sandbox/aws/ecs/types";

const makeTask = () =>
  newTask({
    clusterArn: "arn:aws:ecs:us-east-1:123456789012:cluster/jobs",
    definition: {
      taskDefinitionArn: "arn:aws:ecs:us-east-1:123456789012:task-definition/job:1",
      family: "job",
      revision: 1,
      containerDefinitions: [{ name: "ci-coordinator", image: "image" }],
    },
    size: { cpu: 256, memory: 512, ephemeralStorage: 20 },
    group: "family:job",
    platformVersion: "1.4.0",
    enableExecuteCommand: false,
    overrides: {},
    tags: [{ key: "job", value: "7" }],
    subnetId: "subnet-1",
    securityGroups: [],
    availabilityZone: "us-east-1a",
  });

describe("a task's states", () => {
  it("go forward only", () => {
    const task = makeTask();
    expect(task.state).to.equal("PROVISIONING");
    advance(task, "PENDING");
    advance(task, "RUNNING");
    expect(task.times.started).to.be.closeTo(Date.now() / 1000, 5);
    expect(() => advance(task, "PENDING")).to.throw("from RUNNING to PENDING");
    expect(() => advance(task, "RUNNING")).to.throw();
    advance(task, "DEPROVISIONING");
    advance(task, "STOPPED");
    expect(() => advance(task, "STOPPED")).to.throw();
  });

  it("keep the first reason to stop", () => {
    const task = makeTask();
    expect(markStopping(task, "SpotInterruption", "interrupted")).to.equal(true);
    expect(markStopping(task, "EssentialContainerExited", "exited")).to.equal(false);
    expect(task).to.include({ desiredState: "STOPPED", stopCode: "SpotInterruption", stoppedReason: "interrupted" });
  });

  it("are shown with an interface only once there is one, and with tags only when asked", () => {
    const task = makeTask();
    const before = describeTask(task, { tags: false });
    expect(before).to.deep.include({ lastStatus: "PROVISIONING", desiredStatus: "RUNNING", tags: [], cpu: "256" });
    expect(before.attachments).to.have.nested.property("[0].status", "PRECREATED");
    expect(before.containers).to.have.deep.nested.property("[0].networkInterfaces", []);
    task.eni = { networkInterfaceId: "eni-1", privateIp: "172.31.0.9", macAddress: "0a:58:ac:1f:00:09" };
    advance(task, "PENDING");
    const after = describeTask(task, { tags: true });
    expect(after.tags).to.deep.equal([{ key: "job", value: "7" }]);
    expect(after.attachments).to.have.deep.nested.property("[0].details[3]", {
      name: "privateIPv4Address",
      value: "172.31.0.9",
    });
    expect(after.containers).to.have.nested.property("[0].networkInterfaces[0].privateIpv4Address", "172.31.0.9");
  });
});

describe("a container's process", () => {
  const image: ImageConfig = {
    entrypoint: ["/entry"],
    command: ["serve"],
    environment: ["PATH=/bin", "A=image", "EQUALS=a=b"],
    workingDirectory: "",
    user: { uid: 0, gid: 0 },
    volumes: [],
  };
  const definition: ContainerDefinition = { name: "c", image: "i" };

  it("is the image's unless something else is said", () => {
    expect(processArguments(image, definition)).to.deep.equal(["/entry", "serve"]);
    expect(processArguments(image, { ...definition, command: ["other"] })).to.deep.equal(["/entry", "other"]);
    const override = { name: "c", command: ["mine"] };
    expect(processArguments(image, { ...definition, command: ["other"] }, override)).to.deep.equal(["/entry", "mine"]);
  });

  it("drops the image's command with the image's entry point", () => {
    expect(processArguments(image, { ...definition, entryPoint: ["/own"] })).to.deep.equal(["/own"]);
  });

  it("has an environment in which later ones win", () => {
    const environment = processEnvironment({
      image,
      definition: {
        ...definition,
        environment: [
          { name: "A", value: "definition" },
          { name: "B", value: "definition" },
        ],
      },
      override: { name: "c", environment: [{ name: "B", value: "override" }] },
      environment: { AWS_REGION: "us-east-1" },
    });
    expect(environment).to.have.members([
      "PATH=/bin",
      "EQUALS=a=b",
      "A=definition",
      "B=override",
      "AWS_REGION=us-east-1",
    ]);
  });

  const specOf = (uid: number, more: Partial<ContainerDefinition> = {}) =>
    containerSpec({
      image,
      user: { uid, gid: uid },
      definition: { ...definition, memory: 256, ...more },
      environment: {},
      hostname: "h",
      rootfs: "/rootfs",
      networkNamespace: "/run/netns/n",
      cgroup: "task-1/c",
      cpu: 512,
      memory: { memory: { limit: 268_435_456 } },
      maxOpenFiles: 1000,
      binds: [],
    });

  it("gets a CPU quota, no more privileges than Docker's and no more open files than the machine allows", () => {
    const spec = specOf(0);
    expect(spec).to.have.nested.property("linux.resources.cpu.quota", 50_000);
    expect(spec).to.have.nested.property("linux.resources.memory.limit", 268_435_456);
    expect(spec).to.have.nested.property("process.capabilities.bounding").that.does.not.include("CAP_SYS_ADMIN");
    expect(spec)
      .to.have.nested.property("process.rlimits")
      .that.deep.equals([{ type: "RLIMIT_NOFILE", soft: 1000, hard: 1000 }]);
  });

  it("has capabilities at its start as root alone, and those that its definition leaves", () => {
    const capabilities = (...args: Parameters<typeof specOf>) => {
      const { process } = specOf(...args) as { process: { capabilities: Record<string, string[]> } };
      return process.capabilities;
    };
    expect(capabilities(0).effective).to.include("CAP_CHOWN").and.to.have.length(14);
    expect(capabilities(1000)).to.have.all.keys("bounding");
    const linuxParameters = { capabilities: { add: ["SYS_PTRACE"], drop: ["ALL"] } };
    expect(capabilities(0, { linuxParameters }).bounding).to.deep.equal(["CAP_SYS_PTRACE"]);
  });
});

describe("the order in which containers start", () => {
  const container = (name: string, ...dependsOn: NonNullable<ContainerDefinition["dependsOn"]>) => ({
    name,
    image: "i",
    dependsOn,
  });

  function order(exitCodes: Record<string, number | Promise<number>> = {}, healthy = Promise.resolve()) {
    const stopping = new AbortController();
    const log: string[] = [];
    return {
      log,
      stopping,
      options: {
        start: async (name: string) => void log.push(name),
        exited: async (name: string) => exitCodes[name] ?? new Promise<number>(() => {}),
        healthy: () => healthy,
        failed: (error: Error) => {
          log.push(`failed: ${error.message}`);
          stopping.abort();
        },
        stopping: stopping.signal,
      },
    };
  }

  it("follows the dependencies", async () => {
    const { log, options } = order({ init: 0 });
    await startInOrder(
      [
        container("service", { containerName: "build", condition: "START" }),
        container("build", { containerName: "init", condition: "SUCCESS" }),
        container("init"),
      ],
      options,
    );
    expect(log).to.deep.equal(["init", "build", "service"]);
  });

  it("fails when a dependency that must succeed does not, and starts nothing on it", async () => {
    const { log, options } = order({ init: 3 });
    const definitions = [container("build", { containerName: "init", condition: "SUCCESS" }), container("init")];
    const error = await startInOrder(definitions, options).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).to.equal("build: its dependency init ended with exit code 3");
    expect(log).not.to.include("build");
  });

  it("takes any end for COMPLETE", async () => {
    const { log, options } = order({ init: 3 });
    await startInOrder(
      [container("build", { containerName: "init", condition: "COMPLETE" }), container("init")],
      options,
    );
    expect(log).to.deep.equal(["init", "build"]);
  });

  const onHealthy = container("job", { containerName: "database", condition: "HEALTHY" });
  const never = new Promise<void>(() => {});

  it("waits until a dependency is healthy", async () => {
    let pass = () => {};
    const { log, options } = order({}, new Promise((resolve) => (pass = resolve)));
    const started = startInOrder([onHealthy, container("database")], options);
    await new Promise(setImmediate);
    expect(log).to.deep.equal(["database"]);
    pass();
    await started;
    expect(log).to.deep.equal(["database", "job"]);
  });

  it("fails where a dependency ends before it is healthy, or is not within its startTimeout", async () => {
    const problem = (definitions: ContainerDefinition[], options: Parameters<typeof startInOrder>[1]) =>
      startInOrder(definitions, options).then(
        () => "",
        (error: Error) => error.message,
      );
    const ended = order({ database: 1 }, never);
    const message = "job: its dependency database ended with exit code 1";
    expect(await problem([onHealthy, container("database")], ended.options)).to.equal(message);
    const slow = order({}, never);
    const late = { ...container("database"), startTimeout: 0.01 };
    expect(await problem([onHealthy, late], slow.options)).to.equal(
      "job: its dependency database has not come so far within 0.01 s",
    );
    expect(slow.log).not.to.include("job");
  });

  it("ends the wait for a container that never exits when the task is stopped", async () => {
    const { log, options, stopping } = order({ init: new Promise<number>(() => {}) });
    const definitions = [container("build", { containerName: "init", condition: "COMPLETE" }), container("init")];
    const started = startInOrder(definitions, options);
    stopping.abort();
    await started;
    expect(log).not.to.include("build");
  });
});

describe("a container's output", () => {
  it("is cut into lines, in order, the unfinished last one at the end", async () => {
    const sent: string[] = [];
    const log = batchLines(async (lines) => void sent.push(...lines.map(({ text }) => text)));
    for (const chunk of ["one\ntw", "o\r\n\nthr", "ee"]) log.write(Buffer.from(chunk));
    await log.close();
    expect(sent).to.deep.equal(["one", "two", "three"]);
  });

  it("keeps a character together that comes in two pieces", async () => {
    const sent: string[] = [];
    const log = batchLines(async (lines) => void sent.push(...lines.map(({ text }) => text)));
    const bytes = Buffer.from("ä");
    log.write(bytes.subarray(0, 1));
    log.write(bytes.subarray(1));
    await log.close();
    expect(sent).to.deep.equal(["ä"]);
  });
});

describe("an image's source", () => {
  it("is the registry on loopback for the account's ECR, and the image's own registry otherwise", () => {
    expect(pullSource("123456789012.dkr.ecr.us-east-1.amazonaws.com/jobs@sha256:0")).to.deep.equal({
      source: "docker://127.0.0.1:5056/jobs@sha256:0",
      tlsVerify: false,
    });
    expect(pullSource("docker.io/library/alpine:3.23")).to.deep.equal({
      source: "docker://docker.io/library/alpine:3.23",
      tlsVerify: true,
    });
  });
});
