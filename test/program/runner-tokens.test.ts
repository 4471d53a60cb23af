import { expect } from "chai";
import fc from "fast-check";
import { parse } from "smol-toml";
import { ownerId, tokenOf } from "./support/aws";
import { isSecret, ofType, only, plain, type Deployment } from "./support/deploy";
import { byName, command, run, runner } from "./support/program";
import { raw } from "./support/settings";

describe("runners", () => {
  let base: Deployment;
  before(async () => (base = await run()));

  it("take over what their entries say", async () => {
    const entry = {
      path: "acme/data",
      name: "data",
      tags: ["gpu", "large"],
      untagged: false,
      protected: true,
      locked: true,
      paused: true,
      maximumTimeout: 7200,
      maintenanceNote: "by the data team",
    };
    const deployment = await run(raw({ groups: [entry], projects: ["acme/api"], instanceRunners: ["shared"] }));
    const inputs = (key: string) => plain(only(deployment, runner, `gitlab-runners-${key}`).inputs);
    expect(inputs("group/acme/data")).to.deep.equal({
      runnerType: "group_type",
      groupId: ownerId("acme/data"),
      description: "data",
      tagLists: ["gpu", "large"],
      untagged: false,
      accessLevel: "ref_protected",
      locked: true,
      paused: true,
      maximumTimeout: 7200,
      maintenanceNote: "by the data team",
    });
    expect(inputs("project/acme/api")).to.deep.include({ runnerType: "project_type", projectId: ownerId("acme/api") });
    expect(inputs("project/acme/api")).to.not.have.property("groupId");
    expect(inputs("instance/shared")).to.deep.include({ runnerType: "instance_type", accessLevel: "not_protected" });
    expect(inputs("instance/shared")).to.not.have.any.keys("groupId", "projectId");
  });

  it("lose a timeout and a note that their entries have no more: GitLab would keep what is not sent", async () => {
    const deployment = await run(raw({ groups: ["acme/data"] }));
    const { maximumTimeout, maintenanceNote } = plain(
      only(deployment, runner, "gitlab-runners-group/acme/data").inputs,
    );
    expect(maintenanceNote).to.equal("");
    const longestOfProjects = 30 * 24 * 3600;
    expect(maximumTimeout).to.be.at.least(longestOfProjects);
  });

  it("are found by id as by path", async () => {
    const deployment = await run(raw({ groups: [42], projects: [{ id: 77 }] }));
    expect(plain(only(deployment, runner, "gitlab-runners-group/id:42").inputs)).to.deep.include({
      groupId: 42,
      description: "group 42",
    });
    expect(plain(only(deployment, runner, "gitlab-runners-project/id:77").inputs)).to.deep.include({ projectId: 77 });
  });

  it("of one group named by path and by id are refused before anything is created", async () => {
    const [data, api] = [ownerId("acme/data"), ownerId("acme/api")];
    const settings = raw({ groups: ["acme/data", data], projects: ["acme/api", data, api] });
    const { errors, resources } = await run(settings);
    expect(errors.flatMap((error) => error.split("\n"))).to.deep.equal([
      `groups: "acme/data" and with id ${data} are one group`,
      `projects: "acme/api" and with id ${api} are one project`,
    ]);
    expect(resources).to.deep.equal([]);
  });

  it("with a token of one's own are neither created nor looked up in GitLab; the token goes to the host alone", async () => {
    const mine = { path: "acme/mine", token: "glrt-mine", limit: 2 };
    const deployment = await run(raw({ groups: [mine, "acme/backend"] }), { missing: ["acme/mine"] });
    expect(deployment.errors).to.deep.equal([]);
    expect(ofType(deployment, runner).map(({ name }) => name)).to.deep.equal(["gitlab-runners-group/acme/backend"]);
    const configToml = only(deployment, command, "gitlab-runners-host-config-toml");
    expect(isSecret(configToml.inputs.stdin)).to.equal(true);
    const { runners } = parse(plain<string>(configToml.inputs.stdin)) as { runners: Record<string, unknown>[] };
    expect(runners.map(({ name, token, limit }) => [name, token, limit])).to.deep.equal([
      ["acme/backend", tokenOf("gitlab-runners-group/acme/backend"), 10],
      ["acme/mine", "glrt-mine", 2],
    ]);
    const others = deployment.resources.filter((resource) => resource !== configToml);
    expect(JSON.stringify(others)).to.not.contain("glrt-mine");
  });

  it("of groups that GitLab does not have are refused by name, all at once, before anything is created", async () => {
    const groups = ["acme/backend", "acme/nope", "acme/neither"];
    const { errors, resources } = await run(raw({ groups }), { missing: ["acme/nope", "acme/neither"] });
    expect(errors).to.have.length(1);
    const [first, second, ...others] = errors[0].split("\n");
    expect(first).to.match(/^groups: GitLab has no group "acme\/nope".*404 Group Not Found/);
    expect(second).to.match(/^groups: GitLab has no group "acme\/neither"/);
    expect(others).to.deep.equal([]);
    expect(resources).to.deep.equal([]);
  });

  it("come and go alone: one more entry is one more runner and another config.toml, in place", async () => {
    const more = await run(raw({ groups: ["acme/frontend", "acme/backend"] }));
    const key = ({ type, name }: { type: string; name: string }) => `${type} ${name}`;
    const inputs = new Map(base.resources.map((r) => [key(r), JSON.stringify(r.inputs)]));
    const added = more.resources.filter((r) => !inputs.has(key(r)));
    const changed = more.resources.filter((r) => inputs.has(key(r)) && inputs.get(key(r)) !== JSON.stringify(r.inputs));
    expect(added.map(key)).to.deep.equal([`${runner} gitlab-runners-group/acme/frontend`]);
    expect(changed.map(key)).to.deep.equal([`${command} gitlab-runners-host-config-toml`]);
    const [before, after] = [only(base, command, "gitlab-runners-host-config-toml"), changed[0]].map((r) =>
      plain(r.inputs),
    );
    expect({ ...after, stdin: "" }).to.deep.equal({ ...before, stdin: "" });
    expect(after.stdin).to.contain(tokenOf("gitlab-runners-group/acme/backend"));
    expect(more.resources).to.have.length(base.resources.length + 1);
  });

  it("do not depend on the order of the entries: any permutation gives the same resources", async () => {
    const groups = ["acme/backend", { path: "acme/data", tags: ["x"] }, 42];
    const projects = ["acme/api", { path: "acme/mine", token: "glrt-mine" }];
    const instanceRunners = ["shared", "other"];
    const sorted = byName(await run(raw({ groups, projects, instanceRunners })));
    const any = <T>(list: T[]) => fc.shuffledSubarray(list, { minLength: list.length });
    await fc.assert(
      fc.asyncProperty(any(groups), any(projects), any(instanceRunners), async (g, p, i) => {
        expect(byName(await run(raw({ groups: g, projects: p, instanceRunners: i })))).to.deep.equal(sorted);
      }),
      { numRuns: 6 },
    );
  });

  it("do not depend on the form of the entries: a map gives the resources of the list", async () => {
    const backend = { tags: ["x"], token: "glrt-mine" };
    const list = {
      groups: [42, { path: "acme/b", ...backend }, "acme/a"],
      projects: ["acme/api"],
      instanceRunners: ["x"],
    };
    const map = {
      groups: { "acme/a": null, "acme/b": backend, "42": {} },
      projects: { "acme/api": {} },
      instanceRunners: { x: {} },
    };
    expect(byName(await run(raw(map)))).to.deep.equal(byName(await run(raw(list))));
  });
});
