/** What each further group costs: after each of its steps, the engine writes down all resources there are. */
import { expect } from "chai";
import { ofType, type Deployment } from "./support/deploy";
import { command, run, runner } from "./support/program";
import { raw } from "./support/settings";

/** Names of the same length, so that each group takes the same room. */
const groups = (count: number) => Array.from({ length: count }, (_, index) => `acme/team-${100 + index}`);

/** Bytes of what the engine keeps of resources: their inputs and dependencies, and what components register. */
const size = ({ resources, outputs }: Deployment) =>
  JSON.stringify([resources.map(({ inputs, waitsFor }) => [inputs, waitsFor]), outputs]).length;
const sizeOfRunners = (deployment: Deployment) =>
  size({ ...deployment, resources: ofType(deployment, runner), outputs: {} });

const counts = (tokens: string[]) =>
  tokens.reduce<Record<string, number>>((all, token) => ({ ...all, [token]: (all[token] ?? 0) + 1 }), {});

describe("each further group", () => {
  let ten: Deployment, twenty: Deployment, forty: Deployment;
  before(async () => {
    [ten, twenty, forty] = [
      await run(raw({ groups: groups(10) })),
      await run(raw({ groups: groups(20) })),
      await run(raw({ groups: groups(40) })),
    ];
    for (const { errors } of [ten, twenty, forty]) expect(errors).to.deep.equal([]);
  });

  it("is one resource and one look-up", () => {
    const types = ({ resources }: Deployment) => counts(resources.map(({ type }) => type));
    expect(types(forty)).to.deep.equal({ ...types(ten), [runner]: 40 });
    const getGroup = "gitlab:index/getGroup:getGroup";
    expect(counts(forty.calls)).to.deep.equal({ ...counts(ten.calls), [getGroup]: 40 });
  });

  it("takes as much room as the one before, however many there are", () => {
    // The length of a number in the settings changes with the count: config.toml tells how many jobs there may be.
    const slack = 20;
    expect(size(forty) - size(twenty)).to.be.closeTo(2 * (size(twenty) - size(ten)), slack);
  });

  it("takes a quarter of a kilobyte in its runner's inputs, and one and a half in all others", () => {
    const each = (of: typeof size) => (of(forty) - of(ten)) / 30;
    expect(each(sizeOfRunners)).to.be.lessThan(250);
    expect(each(size) - each(sizeOfRunners)).to.be.lessThan(1600);
  });

  it("is known to the commands that need its token, and to no other resource", () => {
    const waiting = forty.resources.filter(({ waitsFor }) => waitsFor.some((urn) => urn.includes(`:UserRunner::`)));
    expect(waiting.map(({ type, name }) => `${type} ${name}`)).to.deep.equal([
      `${command} gitlab-runners-host-config-toml`,
    ]);
  });
});
