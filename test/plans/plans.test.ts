/**
 * The stand-in for aws, held to the real provider: the same program with the same changes of its settings, planned by the
 * stock engine with the one and with the other, each in an account of its own.
 */
import { DescribeInstancesCommand, DescribeSecurityGroupsCommand } from "@aws-sdk/client-ec2";
import { DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { expect } from "chai";
import { prepareArtifacts, prepareAwsProvider } from "../../sandbox/setup";
import { scratch } from "../support/scratch";
import { base, changes, everything, returns } from "./changes";
import { compare, type Row } from "./compare";
import { drift } from "./drift";
import { createStack, type Change, type Stack } from "./stack";
import { startWorld, type World } from "./world";

describe("the stand-in for aws and the real provider", () => {
  const folder = scratch();
  const worlds: World[] = [];
  const stacks: Stack[] = [];
  const rows: Row[] = [];

  /** By the real provider, and by the stand-in at the same time. */
  const both = <T>(act: (stack: Stack, world: World) => Promise<T>) =>
    Promise.all(stacks.map((stack, index) => act(stack, worlds[index])));

  async function plan(name: string, change: Change, command?: Parameters<Stack["preview"]>[1]): Promise<void> {
    const [real, standIn] = await both((stack) => stack.preview({ ...base, ...change }, command));
    rows.push(compare(name, real, standIn));
  }
  const unexplained = () => rows.flatMap(({ name, differences }) => differences.map((text) => `${name}: ${text}`));

  before(async () => {
    const artifacts = await prepareArtifacts({ onProgress: () => {} });
    const plugin = await prepareAwsProvider({ onProgress: () => {} });
    for (const standIn of [false, true]) {
      const where = folder.file(standIn ? "stand-in" : "real", "");
      const world = await startWorld({ moto: artifacts.moto, folder: `${where}-world`, standIn, log: console.error });
      worlds.push(world);
      stacks.push(
        await createStack({ artifacts, world, folder: `${where}-stack`, plugin: standIn ? undefined : plugin }),
      );
    }
  });
  after(async () => {
    for (const world of worlds) await world.close();
    folder.remove();
  });

  it("plan a new stack alike", async () => {
    await plan("create", {});
    expect(unexplained()).to.deep.equal([]);
  });

  it("bring it up", () => both((stack) => stack.up(base)));

  for (const [name, change] of Object.entries(changes)) {
    it(`plan alike: ${name}`, async () => {
      await plan(name, change);
    });
  }

  it("bring up everything", () => both((stack) => stack.up({ ...base, ...everything })));

  for (const [name, change] of Object.entries(returns)) {
    it(`plan alike: ${name}`, async () => {
      await plan(name, change);
    });
  }

  it("plan alike: refresh, destroy", async () => {
    await plan("refresh", everything, "refresh");
    await both((_stack, world) => drift(world));
    await plan("refresh after drift", everything, "refresh");
    await plan("destroy", everything, "destroy");
  });

  it("take it down", async () => {
    await both((stack) => stack.destroy());
    await both(async (_stack, { ec2, logs }) => {
      const Filters = [{ Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] }];
      expect((await ec2.send(new DescribeInstancesCommand({ Filters }))).Reservations).to.deep.equal([]);
      const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({}));
      expect(SecurityGroups?.map(({ GroupName }) => GroupName)).to.deep.equal(["default"]);
      expect((await logs.send(new DescribeLogGroupsCommand({}))).logGroups).to.deep.equal([]);
    });
  });
});
