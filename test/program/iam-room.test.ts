/** Policies that IAM has no room for are refused before anything is registered. */
import { expect } from "chai";
import { roomTrouble } from "../../components/iam/room";
import { parseSettings } from "../../components/settings/settings";
import { only, plain } from "./support/deploy";
import { run } from "./support/program";
import { raw } from "./support/settings";

const region = "eu-central-1";
const sizes = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`size-${index}`, { cpu: 256, memory: 512 }]));
const families = (count: number) =>
  Array.from({ length: count }, (_, index) => `gitlab-fargate-runners-test_size-${index}`);
const images = { allowed: ["node:*"] };

const trouble = (over: Record<string, unknown>, count = 1) =>
  roomTrouble("gitlab-runners", parseSettings(raw(over)), families(count), region);
const length = (told: string[]) => Number(/would have (\d+) characters/.exec(told[0] ?? "")?.[1]);

describe("the room that IAM has for policies", () => {
  it("is enough for a few sizes, and told with the way out where it is not", () => {
    expect(trouble({ images }, 10)).to.deep.equal([]);
    expect(trouble({ images }, 40)[0]).to.match(
      /^sizes: the policies of the hosts' role would have 1\d{4} characters, and IAM takes 10240 of a role; .* 40 sizes/,
    );
    expect(trouble({}, 40)).to.deep.equal([]);
  });

  it("is that of all the hosts' policies, with the one for archives in parts", () => {
    const [one, two] = [{ images }, { images, cache: { multipart: true } }].map((over) => length(trouble(over, 40)));
    expect(two - one).to.be.greaterThan(100);
  });

  it("is shared by all repositories that jobs may name images of", () => {
    const allowed = Array.from(
      { length: 200 },
      (_, n) => `123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app-${n}:*`,
    );
    const [hosts, execution] = trouble({ images: { allowed } });
    expect(hosts).to.match(
      /^sizes: the policies of the hosts' role would have .* ECR .* \(200\): .* fewer and wider patterns/,
    );
    expect(execution).to.match(/^images, services: the policy of the tasks' execution role would have \d+/);
  });

  it("is reckoned as much as the policies take, or a little more", async () => {
    const many = raw({ images, sizes: sizes(5) });
    const deployment = await run(many);
    const policy = only(deployment, "aws:iam/rolePolicy:RolePolicy", "gitlab-runners-host").inputs.policy;
    const count = Object.keys(parseSettings(many).sizes).length;
    // A size takes as much each time.
    const each = (length(trouble({ images }, 60)) - length(trouble({ images }, 50))) / 10;
    const reckoned = length(trouble({ images }, 60)) - each * (60 - count);
    expect(reckoned - plain<string>(policy).length).to.be.within(-150, 300);
  });

  it("ends the program before anything is registered", async () => {
    const { errors, resources } = await run(raw({ images, sizes: sizes(40) }));
    expect(errors.join("\n")).to.contain("sizes: the policies of the hosts' role would have");
    expect(resources.filter(({ type }) => !type.startsWith("gitlab-fargate-runners:"))).to.deep.equal([]);
  });
});
