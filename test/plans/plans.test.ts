/**
 * The stand-in for aws, held to the real provider: the same program with the same changes of its settings, planned by the
 * stock engine with the one and with the other, each in an account of its own.
 */
import { DescribeInstancesCommand, DescribeSecurityGroupsCommand } from "@aws-sdk/client-ec2";
import { DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { expect } from "chai";
import { prepareArtifacts, prepareAwsProvider } from "../../sandbox/setup";
import { scratch } from "../support/scratch";
import { base, changes, more, returns, together } from "./changes";
import { compare, tableOf, type Row } from "./compare";
import { drift } from "./drift";
import { createStack, type Change, type Command, type Stack } from "./stack";
import { startWorld, type World } from "./world";

describe("the stand-in for aws and the real provider", () => {
  const folder = scratch();
  const worlds: World[] = [];
  const stacks: Stack[] = [];
  const rows: Row[] = [];

  /** By the real provider, and by the stand-in at the same time. */
  const both = <T>(act: (stack: Stack, world: World) => Promise<T>) =>
    Promise.all(stacks.map((stack, index) => act(stack, worlds[index])));

  /** Both plan these changes together, on what else is set. */
  async function plan(named: Record<string, Change>, on: Change = {}, command?: Command): Promise<void> {
    const [real, standIn] = await both((stack) => stack.preview({ ...base, ...on, ...together(named) }, command));
    const row = compare(Object.keys(named).join("; "), real, standIn);
    rows.push(row);
    expect(row.differences).to.deep.equal([]);
  }

  /** The registry's password, which is a new one each time, is no matter of AWS's resources. */
  async function unchanged(change: Change): Promise<void> {
    for (const plan of await both((stack) => stack.preview(change))) {
      expect(Object.keys(plan).filter((resource) => resource.startsWith("aws:"))).to.deep.equal([]);
    }
  }

  before(async () => {
    const artifacts = await prepareArtifacts({ onProgress: () => {} });
    const plugin = await prepareAwsProvider({ onProgress: () => {} });
    for (const standIn of [false, true]) {
      const where = folder.file(standIn ? "stand-in" : "real", "");
      const world = await startWorld({
        python: artifacts.motoPython,
        folder: `${where}-world`,
        standIn,
        log: console.error,
      });
      worlds.push(world);
      stacks.push(
        await createStack({ artifacts, world, folder: `${where}-stack`, plugin: standIn ? undefined : plugin }),
      );
    }
  });
  after(async () => {
    console.log(`\n${tableOf(rows)}`);
    for (const world of worlds) await world.close();
    folder.remove();
  });

  it("plan a new stack alike", () => plan({ create: {} }));

  it("bring it up", () => both((stack) => stack.up(base)));

  it("find nothing to change in it", () => unchanged(base));

  for (const named of changes) {
    it(`plan alike: ${Object.keys(named).join("; ")}`, () => plan(named));
  }

  it(`plan alike: ${Object.keys(more).join("; ")}`, () => plan(more));

  const deployed = together(more);

  it("deploy that", () => both((stack) => stack.up({ ...base, ...deployed })));

  it("find nothing to change in that", () => unchanged({ ...base, ...deployed }));

  for (const named of returns) {
    it(`plan alike after that: ${Object.keys(named).join("; ")}`, () => plan(named, deployed));
  }

  it("plan a refresh alike", () => plan({ refresh: {} }, deployed, "refresh"));

  it("find the same that somebody has changed", async () => {
    await both((_stack, world) => drift(world));
    await plan({ "refresh after changes by hand": {} }, deployed, "refresh");
  });

  it("plan the end alike", () => plan({ destroy: {} }, deployed, "destroy"));

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
