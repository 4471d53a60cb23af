import { expect } from "chai";
import { distribute, resolveCapacity } from "../../../sandbox/aws/ecs/capacity";
import { ClientTokens } from "../../../sandbox/aws/ecs/client-tokens";
import { createFaults } from "../../../sandbox/aws/ecs/faults";
import { mergeTags } from "../../../sandbox/aws/ecs/plan-tasks";
import { validateRunTask } from "../../../sandbox/aws/ecs/run-task-request";
import { taskSize } from "../../../sandbox/aws/ecs/size";
import type { Cluster, RunTaskRequest, TaskDefinition } from "../../../sandbox/aws/ecs/types";
import { AwsError, LostAnswer } from "../../../sandbox/aws/protocol";

const definition: TaskDefinition = {
  taskDefinitionArn: "arn:aws:ecs:us-east-1:123456789012:task-definition/job:1",
  family: "job",
  revision: 1,
  networkMode: "awsvpc",
  cpu: "256",
  memory: "512",
  containerDefinitions: [{ name: "ci-coordinator", image: "image" }],
};
const request: RunTaskRequest = {
  taskDefinition: "job",
  networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } },
};
const cluster: Cluster = {
  clusterArn: "arn:aws:ecs:us-east-1:123456789012:cluster/jobs",
  clusterName: "jobs",
  status: "ACTIVE",
  runningTasksCount: 0,
  pendingTasksCount: 0,
  capacityProviders: ["FARGATE", "FARGATE_SPOT"],
};

/** The error that a call throws; fails when it throws none of AWS's. */
function refusal(call: () => unknown): AwsError {
  try {
    call();
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("RunTask: what is refused", () => {
  const refused = (changes: Partial<RunTaskRequest>, changed: Partial<TaskDefinition> = {}) =>
    refusal(() => validateRunTask({ ...request, ...changes }, { ...definition, ...changed }));

  it("takes a plain request", () => {
    expect(() => validateRunTask(request, definition)).not.to.throw();
  });

  it("starts nothing of a revision that was deregistered", () => {
    expect(refused({}, { status: "INACTIVE" })).to.include({
      code: "ClientException",
      message: "TaskDefinition is inactive",
    });
    expect(() => validateRunTask(request, { ...definition, status: "ACTIVE" })).not.to.throw();
  });

  it("names the container that an override is for and that is not there", () => {
    const { code, message } = refused({ overrides: { containerOverrides: [{ name: "other" }] } });
    expect(code).to.equal("InvalidParameterException");
    expect(message).to.equal("Override for container named other is not a container in the TaskDefinition.");
  });

  it("bounds the overrides' length", () => {
    const overrides = (length: number) => {
      const environment = [{ name: "SSH_PUBLIC_KEY", value: "x".repeat(length) }];
      return { containerOverrides: [{ name: "ci-coordinator", environment }] };
    };
    // What JSON itself takes counts, too.
    const most = 8192 - JSON.stringify(overrides(0)).length;
    expect(() => validateRunTask({ ...request, overrides: overrides(most) }, definition)).not.to.throw();
    expect(refused({ overrides: overrides(most + 1) })).to.include({
      code: "InvalidParameterException",
      message: "Container Overrides length must be at most 8192",
    });
  });

  it("wants subnets for awsvpc", () => {
    expect(refused({ networkConfiguration: undefined }).message).to.include("Network Configuration must be provided");
    expect(refused({}, { networkMode: "bridge" }).message).to.include("awsvpc");
  });
});

describe("RunTask: size", () => {
  const size = (cpu: string, memory: string) => taskSize({ ...definition, cpu, memory });

  it("takes Fargate's pairs", () => {
    for (const [cpu, memory] of [
      ["256", "512"],
      ["256", "2048"],
      ["1024", "8192"],
      ["4096", "30720"],
      ["8192", "20480"],
      ["16384", "122880"],
    ] as const) {
      expect(size(cpu, memory)).to.deep.equal({ cpu: Number(cpu), memory: Number(memory), ephemeralStorage: 20 });
    }
  });

  it("reads vCPU and GB", () => {
    expect(size("1 vCPU", "2 GB")).to.include({ cpu: 1024, memory: 2048 });
    expect(size(".5 vcpu", "1GB")).to.include({ cpu: 512, memory: 1024 });
  });

  it("refuses every other pair", () => {
    for (const [cpu, memory] of [
      ["256", "1536"],
      ["256", "4096"],
      ["512", "512"],
      ["300", "1024"],
      ["8192", "17408"],
      ["16384", "16384"],
      ["", "512"],
    ] as const) {
      expect(refusal(() => size(cpu, memory)).message).to.include(
        "No Fargate configuration exists",
        `${cpu}/${memory}`,
      );
    }
  });

  it("lets overrides win, and checks the pair that results", () => {
    expect(taskSize(definition, { cpu: "512", memory: "1024" })).to.include({ cpu: 512, memory: 1024 });
    expect(refusal(() => taskSize(definition, { cpu: "512" })).code).to.equal("ClientException");
    expect(taskSize(definition, { ephemeralStorage: { sizeInGiB: 30 } }).ephemeralStorage).to.equal(30);
    expect(refusal(() => taskSize(definition, { ephemeralStorage: { sizeInGiB: 20 } })).message).to.include(
      "21 and 200",
    );
  });
});

describe("RunTask: capacity", () => {
  const resolve = (changes: Partial<RunTaskRequest>, of: Partial<Cluster> = {}) =>
    resolveCapacity({ ...cluster, ...of }, { ...request, ...changes });
  const spot = { capacityProvider: "FARGATE_SPOT", weight: 1 };

  it("runs on the launch type that is given", () => {
    expect(resolve({ launchType: "FARGATE" })).to.deep.equal({ launchType: "FARGATE" });
  });

  it("runs on the cluster's default strategy when nothing is given", () => {
    expect(resolve({}, { defaultCapacityProviderStrategy: [spot] })).to.deep.equal({ providers: ["FARGATE_SPOT"] });
  });

  it("finds no container instances without launch type and strategy, and on EC2", () => {
    for (const changes of [{}, { launchType: "EC2" }]) {
      const { code, message } = refusal(() => resolve(changes));
      expect(code).to.equal("InvalidParameterException");
      expect(message).to.equal("No Container Instances were found in your cluster.");
    }
  });

  it("refuses a launch type beside a strategy", () => {
    const both = { launchType: "FARGATE", capacityProviderStrategy: [spot] };
    expect(refusal(() => resolve(both)).message).to.include("both a launch type and capacity provider strategy");
  });

  it("refuses a provider that the cluster does not have", () => {
    const call = () => resolve({ capacityProviderStrategy: [spot] }, { capacityProviders: ["FARGATE"] });
    expect(refusal(call).message).to.include("not associated with the cluster");
  });

  it("serves bases first, then weights in proportion", () => {
    const strategy = [
      { capacityProvider: "FARGATE", base: 2, weight: 1 },
      { capacityProvider: "FARGATE_SPOT", weight: 3 },
    ];
    const placed = distribute(strategy, 10);
    expect(placed.slice(0, 2)).to.deep.equal(["FARGATE", "FARGATE"]);
    expect(placed.slice(2).filter((provider) => provider === "FARGATE_SPOT")).to.have.length(6);
    expect(refusal(() => distribute([{ capacityProvider: "FARGATE", weight: 0 }], 1)).message).to.include("weight");
  });
});

describe("RunTask: client token", () => {
  it("runs a request once, also while it is on its way", async () => {
    const tokens = new ClientTokens();
    let runs = 0;
    const run = async () => ({ run: ++runs });
    const first = tokens.once({ ...request, clientToken: "t" }, run);
    const second = tokens.once({ ...request, clientToken: "t" }, run);
    expect([first.repeated, second.repeated]).to.deep.equal([false, true]);
    expect(await second.answer).to.equal(await first.answer);
    expect(runs).to.equal(1);
  });

  it("refuses the token with other parameters", () => {
    const tokens = new ClientTokens();
    tokens.once({ ...request, clientToken: "t" }, async () => ({}));
    const call = () => tokens.once({ ...request, clientToken: "t", count: 2 }, async () => ({}));
    expect(refusal(call).code).to.equal("ConflictException");
  });

  it("forgets the token of a request that was refused", async () => {
    const tokens = new ClientTokens();
    const refused = tokens.once({ ...request, clientToken: "t" }, () => Promise.reject(new AwsError("X", "no")));
    await refused.answer.catch(() => {});
    await Promise.resolve();
    expect(tokens.once({ ...request, clientToken: "t" }, async () => ({})).repeated).to.equal(false);
  });

  it("runs requests without a token every time", () => {
    const tokens = new ClientTokens();
    let runs = 0;
    for (let time = 0; time < 2; time++) tokens.once(request, async () => ({ run: ++runs }));
    expect(runs).to.equal(2);
  });
});

describe("RunTask: tags and faults", () => {
  it("lets the request's tags replace the definition's", () => {
    const merged = mergeTags(
      [
        { key: "a", value: "1" },
        { key: "b", value: "1" },
      ],
      [{ key: "b", value: "2" }],
    );
    expect(merged).to.deep.equal([
      { key: "a", value: "1" },
      { key: "b", value: "2" },
    ]);
  });

  const faults = () =>
    createFaults({
      stop: () => {},
      task: () => {
        throw new Error("no task runs");
      },
    });

  it("throttles and exhausts as often as it was told, then no more", () => {
    const { throttle, check, exhaust, capacityFailure } = faults();
    throttle("RunTask", { times: 1 });
    expect(() => check("StopTask")).not.to.throw();
    expect(refusal(() => check("RunTask")).code).to.equal("ThrottlingException");
    expect(() => check("RunTask")).not.to.throw();
    exhaust("FARGATE_SPOT", { times: 1 });
    expect(capacityFailure("FARGATE")).to.equal(undefined);
    expect(capacityFailure("FARGATE_SPOT")).to.include("Capacity is unavailable at this time");
    expect(capacityFailure("FARGATE_SPOT")).to.equal(undefined);
  });

  it("does so no more once it is calm", () => {
    const { throttle, check, exhaust, capacityFailure, loseAnswer, checkAnswer, calm } = faults();
    throttle("RunTask", { times: 1 });
    loseAnswer("RunTask", { times: 1 }, 0);
    exhaust("FARGATE", { times: 1 });
    calm();
    expect(() => check("RunTask")).not.to.throw();
    expect(() => checkAnswer("RunTask")).not.to.throw();
    expect(capacityFailure("FARGATE")).to.equal(undefined);
  });

  it("hits one of each so many calls", () => {
    const { throttle, check } = faults();
    throttle("RunTask", { times: 2, every: 3 });
    const hits = Array.from({ length: 12 }, () => {
      try {
        check("RunTask");
        return false;
      } catch {
        return true;
      }
    });
    expect(hits.flatMap((hit, call) => (hit ? [call + 1] : []))).to.deep.equal([3, 6]);
  });

  it("loses an answer after the call has been performed", () => {
    const { loseAnswer, check, checkAnswer } = faults();
    loseAnswer("RunTask", { times: 1 }, 7);
    loseAnswer("StopTask", { times: 1 }, 0);
    expect(() => check("RunTask")).not.to.throw();
    expect(() => checkAnswer("RunTask"))
      .to.throw(LostAnswer)
      .with.property("delay", 7);
    expect(() => checkAnswer("RunTask")).not.to.throw();
  });
});
