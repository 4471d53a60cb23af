import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { Calls, type AwsCall } from "../../../sandbox/aws/calls";
import { startFront } from "../../../sandbox/aws/front";
import { LostAnswer } from "../../../sandbox/aws/protocol";
import { startedBy } from "../page/sources";
import { until } from "../../support/until";

const tasks = [
  { id: "a".repeat(32), address: "172.31.0.1", eni: "eni-1", startedBy: startedBy(1) },
  { id: "b".repeat(32), address: "172.31.0.2", eni: "eni-2", startedBy: startedBy(2) },
];
const arn = (id: string) => `arn:aws:ecs:us-east-1:123456789012:task/jobs/${id}`;
const [first, second] = tasks;
const host = "172.31.9.9";

const newCalls = () =>
  new Calls({
    taskAt: (address) => tasks.find((task) => task.address === address),
    taskOf: (name) => tasks.find(({ id, eni }) => [id, arn(id), eni].includes(name)),
    hostAt: (address) => (address === host ? { instanceId: "i-1" } : undefined),
  });

const signed = (service: string, more: http.IncomingHttpHeaders = {}): http.IncomingHttpHeaders => ({
  authorization: `AWS4-HMAC-SHA256 Credential=AKIA/20261128/us-east-1/${service}/aws4_request, SignedHeaders=host`,
  ...more,
});
const ecs = (action: string) => ({
  method: "POST",
  url: "/",
  headers: signed("ecs", { "x-amz-target": `AmazonEC2ContainerServiceV20141113.${action}` }),
});

describe("calls of AWS", () => {
  /** What is known of one call. */
  function call(from: string, request: Parameters<Calls["add"]>[0], body: object | string = ""): Partial<AwsCall> {
    const calls = newCalls();
    calls.add(request, from, Buffer.from(typeof body === "string" ? body : JSON.stringify(body)), 200);
    const { id: _, at: __, status: ___, ...rest } = calls.list()[0];
    return rest;
  }

  it("are a job's by the startedBy or the one task that they name", () => {
    const job1 = { caller: "i-1", startedBy: first.startedBy };
    const run = { startedBy: first.startedBy, cluster: "jobs" };
    expect(call(host, ecs("RunTask"), run)).to.deep.equal({ action: "ecs:RunTask", ...job1 });
    for (const [action, body] of Object.entries({
      DescribeTasks: { cluster: "jobs", tasks: [arn(first.id)] },
      StopTask: { task: first.id },
      TagResource: { resourceArn: arn(first.id), tags: [{ key: "a", value: "b" }] },
    })) {
      expect(call(host, ecs(action), body)).to.deep.equal({ action: `ecs:${action}`, ...job1 });
    }
    const form = { method: "POST", url: "/", headers: signed("ec2") };
    expect(call(host, form, "Action=DescribeNetworkInterfaces&NetworkInterfaceId.1=eni-1")).to.deep.equal({
      action: "ec2:DescribeNetworkInterfaces",
      ...job1,
    });
  });

  it("are a job's where they come from its task", () => {
    const url = "/cache/runner/1/key?x-id=GetObject&X-Amz-Credential=ASIA%2F20261128%2Fus-east-1%2Fs3%2Faws4_request";
    expect(call(second.address, { method: "GET", url, headers: {} })).to.deep.equal({
      action: "s3:GetObject",
      caller: second.id,
      startedBy: second.startedBy,
    });
  });

  it("are no job's where they name several tasks, or none", () => {
    const host1 = { caller: "i-1", startedBy: undefined };
    const both = { tasks: tasks.map(({ id }) => arn(id)) };
    expect(call(host, ecs("DescribeTasks"), both)).to.deep.equal({ action: "ecs:DescribeTasks", ...host1 });
    expect(call(host, ecs("ListTasks"), { cluster: "jobs" })).to.deep.equal({ action: "ecs:ListTasks", ...host1 });
    expect(call("172.31.255.254", ecs("ListTasks"), "half of a bo")).to.deep.equal({
      action: "ecs:?",
      caller: undefined,
      startedBy: undefined,
    });
  });

  it("are kept up to a bound, and others do not drive those of jobs out", () => {
    const calls = newCalls();
    const add = (body: object) => calls.add(ecs("RunTask"), host, Buffer.from(JSON.stringify(body)), 200);
    add({ startedBy: first.startedBy });
    for (let count = 0; count < 10_000; count++) add({});
    expect(calls.list().filter((one) => one.startedBy === first.startedBy)).to.have.length(1);
    for (let count = 0; count < 10_000; count++) add({ startedBy: second.startedBy });
    expect(calls.list().filter((one) => one.startedBy === first.startedBy)).to.deep.equal([]);
    expect(calls.list()).to.have.length.below(3000);
  });

  it("are told by the front with what was asked and answered, also where moto answers, or nobody", async () => {
    const moto = http.createServer((request, response) => {
      request.resume();
      response.writeHead(request.headers["x-only-check"] ? 204 : 418).end();
    });
    await new Promise<void>((resolve) => moto.listen(0, "127.0.0.1", resolve));
    const calls = newCalls();
    const front = await startFront({
      moto: { host: "127.0.0.1", port: (moto.address() as AddressInfo).port },
      listen: { host: "127.0.0.1", port: 0 },
      admit: async () => ({}),
      ecs: async () => {
        throw new LostAnswer(0);
      },
      ec2: async () => undefined,
      registryPassword: () => ({}),
      assumeRole: async () => () => {},
      vcpuQuota: () => 1,
      called: (...call) => calls.add(...call),
      log: () => {},
    });
    const ask = (headers: http.IncomingHttpHeaders, body: string) =>
      fetch(`http://127.0.0.1:${front.port}/`, { method: "POST", headers: headers as Record<string, string>, body });
    try {
      const form = { "content-type": "application/x-www-form-urlencoded" };
      await ask(signed("iam", form), "Action=CreateRole&RoleName=r");
      await ask(ecs("StopTask").headers, JSON.stringify({ task: first.id })).catch(() => {});
      await until("both calls", () => calls.list().length === 2);
    } finally {
      await front.close();
      moto.close();
    }
    const seen = calls.list().map(({ action, status, startedBy }) => [action, status, startedBy]);
    expect(seen).to.deep.equal([
      ["ecs:StopTask", null, first.startedBy],
      ["iam:CreateRole", 418, undefined],
    ]);
  });
});
