import type { EC2Client } from "@aws-sdk/client-ec2";
import { expect } from "chai";
import { EcsService } from "../../../sandbox/aws/ecs/service";
import { advance, type Task } from "../../../sandbox/aws/ecs/task";
import { zonesOf } from "../../../sandbox/aws/ecs/task-network";
import type { RunningTask } from "../../../sandbox/aws/ecs/task-runner";
import type { Moto } from "../../../sandbox/aws/moto";
import { AwsError } from "../../../sandbox/aws/protocol";

const cluster = "jobs";
const clusterArn = `arn:aws:ecs:us-east-1:123456789012:cluster/${cluster}`;
const definition = {
  taskDefinitionArn: "arn:aws:ecs:us-east-1:123456789012:task-definition/job:1",
  family: "job",
  revision: 1,
  networkMode: "awsvpc",
  cpu: "1024",
  memory: "2048",
  containerDefinitions: [{ name: "ci-coordinator", image: "image" }],
};
const request = {
  cluster,
  taskDefinition: "job",
  networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } },
};

/** Subnet 2 is in another VPC than subnet 1, and so is security group 2. */
const vpcOf = (id: string) => `vpc-${id.at(-1)}`;
const ec2 = {
  client: {
    send: async () => ({ SecurityGroups: ["sg-1", "sg-2"].map((GroupId) => ({ GroupId, VpcId: vpcOf(GroupId) })) }),
  } as unknown as EC2Client,
  subnets: {
    find: async (id = "subnet-1") => {
      if (!/^subnet-[12]$/.test(id))
        throw new AwsError("InvalidSubnetID.NotFound", `The subnet ID '${id}' does not exist`);
      return { id, cidr: "172.31.0.0/20", availabilityZone: "us-east-1a", vpcId: vpcOf(id) };
    },
  },
};

/** ECS whose tasks do what the test says. */
function startEcs() {
  const tasks: Task[] = [];
  let role = true;
  const answers: Record<string, object> = {
    DescribeClusters: { clusters: [{ clusterArn, capacityProviders: ["FARGATE", "FARGATE_SPOT"] }] },
    DescribeTaskDefinition: { taskDefinition: definition },
  };
  const ecs = new EcsService({
    moto: { ecs: async (action: string) => structuredClone(answers[action]) } as unknown as Moto,
    zones: (subnets, groups) => zonesOf(subnets, groups, ec2),
    requireServiceLinkedRole: async () => {
      if (!role) throw new AwsError("InvalidParameterException", "no role");
    },
    trusted: async (role) => role !== "arn:aws:iam::123456789012:role/closed",
    run(task) {
      tasks.push(task);
      return { stopped: new Promise(() => {}), stop: () => {}, kill: () => {} } as unknown as RunningTask;
    },
    log: () => {},
  });
  const call = async <Answer>(action: string, body: object) => (await ecs.handle(action, body)) as Answer;
  return {
    faults: ecs.faults,
    tasks,
    loseRole: () => (role = false),
    run: (more = { launchType: "FARGATE" } as object) =>
      call<{ tasks: { taskArn: string }[]; failures: { reason: string }[] }>("RunTask", { ...request, ...more }),
    stop: (task: string) => call("StopTask", { cluster, task }),
    look: async (task: string) => {
      const { tasks, failures } = await call<{ tasks: object[]; failures: object[] }>("DescribeTasks", {
        cluster,
        tasks: [task],
      });
      return (tasks[0] ?? failures[0]) as Record<string, unknown>;
    },
    list: async (filters = {}) => (await call<{ taskArns: string[] }>("ListTasks", { cluster, ...filters })).taskArns,
  };
}

const refusal = (work: Promise<unknown>) =>
  work.then(
    () => "",
    (error: Error) => error.message,
  );

describe("ECS that answers late", () => {
  const hour = 3_600_000;

  it("does not show what has just started, and shows as running what has just stopped", async () => {
    const { faults, tasks, run, stop, look, list } = startEcs();
    const [{ taskArn }] = (await run()).tasks as [{ taskArn: string }];
    expect(await list()).to.deep.equal([taskArn]);
    faults.stale(hour, { times: 2 });
    expect(await look(taskArn)).to.deep.equal({ arn: taskArn, reason: "MISSING" });
    expect(await list()).to.deep.equal([]);

    const [task] = tasks as [Task];
    advance(task, "PENDING");
    advance(task, "RUNNING");
    // All that was so far is long ago.
    for (const moment of task.past) moment.at -= 2 * 3600;
    await stop(taskArn);
    advance(task, "DEPROVISIONING");
    advance(task, "STOPPED");
    expect(await look(taskArn)).to.include({ lastStatus: "RUNNING", desiredStatus: "RUNNING" });
    expect(await list()).to.deep.equal([taskArn]);
    // Both have been hit twice.
    expect(await look(taskArn)).to.include({ lastStatus: "STOPPED", desiredStatus: "STOPPED" });
    expect(await list()).to.deep.equal([]);
  });

  it("does so for one of each so many calls, and no more once it is calm", async () => {
    const { faults, run, list } = startEcs();
    await run();
    faults.stale(hour, { times: 100, every: 2 });
    const seen = [await list(), await list(), await list(), await list()].map(({ length }) => length);
    expect(seen).to.deep.equal([1, 0, 1, 0]);
    faults.calm();
    expect([await list(), await list()].map(({ length }) => length)).to.deep.equal([1, 1]);
  });
});

describe("ECS's refusals", () => {
  it("has no filter beside startedBy", async () => {
    const { run, list } = startEcs();
    await run({ launchType: "FARGATE", startedBy: "me" });
    expect(await list({ startedBy: "me" })).to.have.length(1);
    expect(await list({ startedBy: "you" })).to.have.length(0);
    for (const other of [
      { family: "job" },
      { launchType: "FARGATE" },
      { serviceName: "web" },
      { containerInstance: "one" },
      { desiredStatus: "RUNNING" },
    ]) {
      expect(await refusal(list({ startedBy: "me", ...other }))).to.equal(
        "cannot specify startedBy with other arguments",
      );
      if (!("serviceName" in other || "containerInstance" in other)) expect(await list(other)).to.have.length(1);
    }
  });

  it("starts no task in an account without ECS's own role", async () => {
    const { run, loseRole, tasks } = startEcs();
    loseRole();
    expect(await refusal(run())).to.equal("no role");
    expect(tasks).to.deep.equal([]);
  });

  it("starts no task with a role that ECS may not take", async () => {
    const { run, tasks } = startEcs();
    for (const role of ["taskRoleArn", "executionRoleArn"]) {
      const overrides = { [role]: "arn:aws:iam::123456789012:role/closed" };
      expect(await refusal(run({ launchType: "FARGATE", overrides }))).to.match(
        /^ECS was unable to assume the role 'arn:aws:iam::123456789012:role\/closed' that was provided for this task/,
      );
    }
    expect(tasks).to.deep.equal([]);
    await run({ launchType: "FARGATE", overrides: { taskRoleArn: "arn:aws:iam::123456789012:role/open" } });
    expect(tasks).to.have.length(1);
  });

  it("starts no task in a subnet or with a security group that is not there, or of another VPC", async () => {
    const { run, tasks } = startEcs();
    const refused = (subnets: string[], ...securityGroups: string[]) => {
      const networkConfiguration = { awsvpcConfiguration: { subnets, securityGroups } };
      return refusal(run({ launchType: "FARGATE", networkConfiguration }));
    };
    expect(await refused(["subnet-1", "subnet-3"])).to.equal(
      "Error retrieving subnet information for [subnet-3]: The subnet ID 'subnet-3' does not exist (ErrorCode: " +
        "InvalidSubnetID.NotFound)",
    );
    expect(await refused(["subnet-1"], "sg-1", "sg-3")).to.match(
      /^Error retrieving security group information for \[sg-3\]/,
    );
    for (const subnets of [["subnet-1"], ["subnet-1", "subnet-2"]]) {
      expect(await refused(subnets, "sg-2")).to.equal(
        "Security group sg-2 does not appear to belong to the same VPC as the input subnets.",
      );
    }
    expect(tasks).to.deep.equal([]);
    const networkConfiguration = { awsvpcConfiguration: { subnets: ["subnet-2"], securityGroups: ["sg-2"] } };
    await run({ launchType: "FARGATE", networkConfiguration });
    expect(tasks).to.have.length(1);
  });

  it("runs no more vCPU than the account may have, of on-demand and of Spot capacity each", async () => {
    const { faults, tasks, run } = startEcs();
    faults.limitVcpus(2);
    const spot = { capacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT", weight: 1 }] };
    const three = await run({ launchType: "FARGATE", count: 3 });
    expect(three.tasks).to.have.length(2);
    expect(three.failures).to.deep.equal([
      { reason: "You’ve reached the limit on the number of vCPUs you can run concurrently" },
    ]);
    expect((await run({ ...spot, count: 2 })).failures).to.deep.equal([]);
    expect((await run()).tasks).to.have.length(0);
    for (const state of ["DEPROVISIONING", "STOPPED"] as const) advance(tasks[0]!, state);
    expect((await run()).tasks).to.have.length(1);
    faults.calm();
    expect((await run({ launchType: "FARGATE", count: 10 })).tasks).to.have.length(10);
  });
});
