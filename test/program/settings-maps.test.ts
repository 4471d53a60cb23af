/** Entries of runners as maps, whose keys say whom they are for. */
import { expect } from "chai";
import { parseSettings } from "../../components/settings/settings";
import { warningsOf } from "../../components/settings/warnings";
import { editorErrors, fileWith } from "./support/editor";
import { errorsOf, raw } from "./support/settings";

const map = {
  groups: { "acme/backend": null, "acme/data": { tags: ["large"], limit: 99 }, "42": {} },
  projects: { "acme/backend/api": { name: "api on Fargate" } },
  instanceRunners: { shared: { tags: ["shared"] } },
};
const list = {
  groups: ["acme/backend", { path: "acme/data", tags: ["large"], limit: 99 }, 42],
  projects: [{ path: "acme/backend/api", name: "api on Fargate" }],
  instanceRunners: [{ name: "shared", tags: ["shared"] }],
};

describe("a map of entries", () => {
  it("is the same as a list of them, but for the places that messages name", () => {
    const parsed = (settings: Record<string, unknown>) => parseSettings(raw(settings)).entries;
    const byKey = new Map(parsed(list).map((entry) => [entry.key, entry]));
    const entries = parsed(map);
    const asListed = entries.map((entry) => ({ ...entry, place: byKey.get(entry.key)!.place }));
    expect(asListed).to.have.deep.members([...byKey.values()]);
    expect(Object.fromEntries(entries.map(({ key, place }) => [key, place]))).to.deep.equal({
      "group/id:42": "groups.42",
      "group/acme/backend": 'groups["acme/backend"]',
      "group/acme/data": 'groups["acme/data"]',
      "project/acme/backend/api": 'projects["acme/backend/api"]',
      "instance/shared": "instanceRunners.shared",
    });
  });

  it("may be empty, and beside lists of the other kinds", () => {
    expect(parseSettings(raw({ groups: {}, projects: ["a/b"] })).entries.map(({ key }) => key)).to.deep.equal([
      "project/a/b",
    ]);
  });

  it("is what editors accept", () => expect(editorErrors(fileWith(map))).to.deep.equal([]));

  it("is warned of by its keys", () => {
    expect(warningsOf(parseSettings(raw(map)))).to.deep.equal([
      'groups["acme/data"].limit: 99 has no effect; a host runs 10 jobs at once (host.concurrency)',
    ]);
  });

  const refused: [string, Record<string, unknown>, string[]][] = [
    [
      "wrong values and unknown keys, at the map's own places",
      { groups: { "acme/a": { tags: ["x,y"], sise: "large" }, b: { tags: [1], size: "huge" } } },
      [
        'groups["acme/a"].tags[0]: GitLab takes it for several tags, with commas between',
        'groups["acme/a"].sise: unknown key; did you mean size?',
        'groups.b.tags[0]: 1 is a number; quote it: "1"',
        "groups.b.size: no size 'huge'; sizes are default",
      ],
    ],
    [
      "a key that is no path, or no name",
      { groups: { "/acme/": {} }, projects: { api: {} }, instanceRunners: { "a b": {} } },
      [
        'groups["/acme/"]: not the path of a group, like "acme/backend": "/acme/"; write acme',
        'projects.api: not the path of a project, like "acme/backend/api": "api"; it begins with its group\'s path',
        'instanceRunners["a b"]: not a name of letters, digits, dots, dashes: "a b"',
      ],
    ],
    [
      "an entry that says again whom it is for, or says otherwise",
      { groups: { a: { path: "b" }, c: { path: "c" }, "7": { id: 7 } }, instanceRunners: { x: { name: "y" } } },
      [
        "groups.7.id: the entry's key says whom it is for; take id out",
        "groups.a.path: the entry's key says whom it is for; take path out",
        "groups.c.path: the entry's key says whom it is for; take path out",
        "instanceRunners.x.name: the entry's key says whom it is for; take name out",
      ],
    ],
    [
      "an entry that is none",
      { groups: { a: true, b: "{}", c: ["x"], d: "acme/d", e: "" } },
      [
        "groups.a: keys with values are expected, like {tags: [web]}, or {} for none; it is true",
        'groups.b: "{}" is a text; write {} without quotes',
        "groups.c: keys with values are expected, like {tags: [web]}, or {} for none; it is a list",
        'groups.d: keys with values are expected, like {tags: [web]}, or {} for none; it is "acme/d"',
        "groups.e: keys with values are expected, like {tags: [web]}, or {} for none; it is empty",
      ],
    ],
    [
      "the same group twice, in upper and lower case",
      { groups: { "acme/a": {}, "Acme/A": {} } },
      ['groups["Acme/A"]: duplicate of groups["acme/a"]: "Acme/A"'],
    ],
    ["an id that is none", { groups: { "0": {} } }, ["groups.0: 0 is too small: at least 1"]],
    [
      "one token twice, and what GitLab keeps beside it",
      { groups: { a: { token: "glrt-1", tags: ["x"] } }, projects: { "a/b": { token: "glrt-1" } } },
      [
        "groups.a.tags: has no effect beside token; set it on the runner in GitLab",
        'projects["a/b"].token: the same as groups.a.token',
      ],
    ],
  ];
  for (const [what, settings, errors] of refused) {
    it(`is refused for ${what}`, () => expect(errorsOf(raw(settings))).to.have.members(errors));
  }

  it("offers no key that the entry's own key stands for", () => {
    const [error] = errorsOf(raw({ groups: { a: { zzzzzzzz: 1 } } }));
    expect(error).to.match(/^groups\.a\.zzzzzzzz: unknown key; known are name, tags, /);
    expect(errorsOf(raw({ groups: [{ path: "a", zzzzzzzz: 1 }] }))[0]).to.contain("known are path, id, name, tags, ");
  });

  it("never shows a secret", () => {
    for (const groups of [{ a: "glrt-s3cret" }, { a: { token: { s3cret: 1 } } }, { a: { size: "glrt-s3cret" } }]) {
      const told = errorsOf(raw({ groups }));
      expect(told).to.not.be.empty;
      expect(told.join()).to.not.contain("s3cret");
    }
  });

  const wrongForEditors: [string, Record<string, unknown>][] = [
    ["a key that is no path", { groups: { "a b": {} } }],
    ["a path within", { groups: { a: { path: "a" } } }],
    ["a switch as an entry", { groups: { a: true } }],
    ["an unknown key", { projects: { "a/b": { tagz: [] } } }],
    ["a name within", { instanceRunners: { a: { name: "a" } } }],
  ];
  for (const [what, settings] of wrongForEditors) {
    it(`is refused by editors for ${what}`, () => expect(editorErrors(fileWith(settings))).to.not.be.empty);
  }
});
