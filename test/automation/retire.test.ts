/** Which revisions of task definitions are deregistered after a deployment. */
import { ECSClient } from "@aws-sdk/client-ecs";
import { expect } from "chai";
import { retire, retireSuperseded } from "../../automation/retire";
import { deploymentPolicies } from "../../components/iam/deployment-policies";

const prefix = "arn:aws:ecs:eu-central-1:123456789012:task-definition/";
const before = (n: number, ofImage = n - 30) => ({ superseded: day(n), ofImage: day(ofImage) });
const day = (n: number) => new Date(Date.UTC(2026, 10, n));

/** An ECS that has these revisions, by "family:revision", with the days on which they were registered. */
function ecsWith(revisions: Record<string, Date>) {
  const gone: string[] = [];
  const asked = new Set<string>();
  const left = new Set(Object.keys(revisions));
  const names = () => [...left];
  const answer = (command: string, input: Record<string, string>): object => {
    switch (command) {
      case "ListTaskDefinitionFamiliesCommand": {
        const families = names().map((name) => name.split(":")[0]!);
        return { families: [...new Set(families)].filter((family) => family.startsWith(input.familyPrefix!)) };
      }
      case "ListTaskDefinitionsCommand": {
        const found = names().filter((name) => name.startsWith(input.familyPrefix!));
        expect(input).to.include({ status: "ACTIVE" });
        return { taskDefinitionArns: found.map((name) => prefix + name) };
      }
      case "DescribeTaskDefinitionCommand": {
        const named = input.taskDefinition!.replace(prefix, "");
        // A family alone is its newest.
        const of = (name: string) => Number(name.split(":")[1]);
        const found = named.includes(":")
          ? named
          : names()
              .filter((name) => name.startsWith(`${named}:`))
              .sort((a, b) => of(b) - of(a))[0]!;
        return { taskDefinition: { registeredAt: revisions[found], revision: of(found) } };
      }
      case "DeregisterTaskDefinitionCommand":
        gone.push(input.taskDefinition!.slice(prefix.length));
        left.delete(gone.at(-1)!);
        return {};
      default:
        throw new Error(command);
    }
  };
  // The SDK's paginators ask for its own class.
  const client = new ECSClient({ region: "eu-central-1" });
  client.send = (async (command: { input: Record<string, string> }) => {
    asked.add(`ecs:${command.constructor.name.replace(/Command$/, "")}`);
    return answer(command.constructor.name, command.input);
  }) as typeof client.send;
  return { client, gone, asked };
}

describe("revisions of task definitions", () => {
  const family = (stack: string, size: string) => `gitlab-fargate-runners-${stack}_${size}`;
  const own = family("dev", "default");
  const revisions = {
    [`${own}:1`]: day(1),
    [`${own}:2`]: day(2),
    [`${own}:9`]: day(9),
    // As text it stands before the others.
    [`${own}:10`]: day(10),
  };

  it("are deregistered a day after another took their place, and not before", async () => {
    const { client, gone } = ecsWith(revisions);
    const definitions = [`${prefix}${own}:10`];
    // 9 took the place of 2 too late, 2 that of 1 long ago.
    expect(await retire(client, { stack: "dev", definitions }, before(8))).to.equal(1);
    expect(gone).to.deep.equal([`${own}:1`]);
    expect(await retire(client, { stack: "dev", definitions }, before(8))).to.equal(0);
    expect(await retire(client, { stack: "dev", definitions }, before(30))).to.equal(2);
    expect(gone).to.have.members([`${own}:1`, `${own}:2`, `${own}:9`]);
  });

  it("stay where the stack has them, whatever else was registered in their family", async () => {
    const { client, gone } = ecsWith(revisions);
    await retire(client, { stack: "dev", definitions: [`${prefix}${own}:2`] }, before(30));
    expect(gone).to.have.members([`${own}:1`, `${own}:9`]);
  });

  it("are those of this stack alone, and of each of its sizes", async () => {
    const others = Object.fromEntries(
      ["dev-2", "dev_2"].flatMap((stack) => [1, 2].map((n) => [`${family(stack, "default")}:${n}`, day(n)])),
    );
    const large = { [`${family("dev", "default-large")}:1`]: day(1), [`${family("dev", "default-large")}:2`]: day(2) };
    const { client, gone } = ecsWith({ ...revisions, ...others, ...large });
    await retire(client, { stack: "dev", definitions: [] }, before(5));
    expect(gone).to.have.members([`${own}:1`, `${family("dev", "default-large")}:1`]);
  });

  it("that were registered for a job's image are deregistered in time, even the last of their family", async () => {
    const image = (hash: string) => `${own}-image-${hash.repeat(20)}`;
    const { client, gone } = ecsWith({
      ...revisions,
      [`${image("a")}:1`]: day(1),
      [`${image("b")}:1`]: day(4),
      [`${image("b")}:2`]: day(8),
      [`${image("c")}:1`]: day(8),
      // A size may be called so.
      [`${own}-image-small:1`]: day(1),
    });
    await retire(client, { stack: "dev", definitions: [`${prefix}${own}:10`] }, before(7, 3));
    expect(gone).to.have.members([`${own}:1`, `${image("a")}:1`]);
    await retire(client, { stack: "dev", definitions: [`${prefix}${own}:10`] }, before(9));
    expect(gone.slice(2)).to.have.members([`${image("b")}:1`]);
  });

  it("of many images are looked at by turns, and all of them when the stack goes", async () => {
    const names = Array.from({ length: 420 }, (_, n) => `${own}-image-${n.toString(16).padStart(20, "0")}:1`);
    const { client, gone } = ecsWith(Object.fromEntries(names.map((name) => [name, day(1)])));
    for (const [today, until] of [200, 400, 420].entries()) {
      await retire(client, { stack: "dev", definitions: [] }, before(41 + today));
      expect(gone).to.have.length(until);
    }
    const again = ecsWith(Object.fromEntries(names.map((name) => [name, day(1)])));
    expect(await retire(again.client, { stack: "dev", definitions: [] })).to.equal(420);
  });

  it("go on where one cannot be deregistered, and tell it", async () => {
    const { client, gone } = ecsWith({ ...revisions, [`${family("dev", "large")}:1`]: day(1) });
    const send = client.send.bind(client) as (command: { input: Record<string, string> }) => Promise<object>;
    client.send = (async (command: { input: Record<string, string> }) => {
      if (command.input.taskDefinition?.endsWith(`${own}:10`)) throw new Error("Rate exceeded");
      return send(command);
    }) as typeof client.send;
    const all = retire(client, { stack: "dev", definitions: [] });
    expect(await all.then(String, ({ message }: Error) => message)).to.equal("Rate exceeded");
    expect(gone).to.deep.equal([`${family("dev", "large")}:1`]);
  });

  it("fail no deployment that has succeeded, whatever goes wrong with them", async () => {
    await retireSuperseded(() => Promise.reject(new Error("no state")));
  });

  it("take no more rights than the deployers' policies have", async () => {
    const { client, asked } = ecsWith(revisions);
    await retire(client, { stack: "dev", definitions: [] }, before(8));
    const { preview, deploy } = deploymentPolicies({});
    const allowed = [...preview.Statement, ...deploy.Statement].flatMap(({ Action }) => Action);
    expect([...asked].filter((action) => !allowed.includes(action))).to.deep.equal([]);
  });

  for (const stack of ["dev", "acme/dev", "acme/gitlab-fargate-runners/dev"]) {
    it(`are all deregistered with the stack ${stack}`, async () => {
      const ofImages = { [`${own}-image-0123456789abcdef0123:1`]: day(3) };
      const { client, gone } = ecsWith({ ...revisions, ...ofImages });
      expect(await retire(client, { stack, definitions: [] })).to.equal(5);
      expect(gone).to.have.members(Object.keys({ ...revisions, ...ofImages }));
    });
  }
});
