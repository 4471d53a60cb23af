/** `add-group`, `add-project`, `add-runner` and their opposites, by names, ids and files. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { addNamed, removeNamed, type EntryFlags } from "../../automation/entries";
import { namedEntries } from "../../automation/entries-source";
import { UserError } from "../../automation/errors";
import type { EntryList } from "../../automation/new-entry";
import { scratch } from "../support/scratch";

const from = (text: string) => ({ names: [], from: { name: "teams", text } });

describe("entries that a command names", () => {
  it("are paths, ids and names", () => {
    expect(namedEntries("groups", { names: ["acme/a", "42"], ids: [7] }, { tags: ["x"] })).to.deep.equal([
      { tags: ["x"], path: "acme/a" },
      { tags: ["x"], id: 42 },
      { tags: ["x"], id: 7 },
    ]);
    expect(namedEntries("instanceRunners", { names: ["42"] })).to.deep.equal([{ name: "42" }]);
  });

  it("may stand in a file, one on each line, with comments", () => {
    const text = "# the teams\nacme/a # first\r\n\n  acme/b\n42\n";
    expect(namedEntries("projects", from(text), { locked: true })).to.deep.equal([
      { locked: true, path: "acme/a" },
      { locked: true, path: "acme/b" },
      { locked: true, id: 42 },
    ]);
    expect(namedEntries("instanceRunners", from("shared\nlarge-1\n"))).to.deep.equal([
      { name: "shared" },
      { name: "large-1" },
    ]);
  });

  it("may stand in a file as in the stack's, and what an entry says outweighs the options", () => {
    const options = { tags: ["web"], size: "small" };
    const expected = [
      { ...options, path: "acme/a" },
      { ...options, path: "acme/b", size: "large" },
      { ...options, id: 42 },
    ];
    expect(namedEntries("groups", from("- acme/a\n- { path: acme/b, size: large }\n- 42\n"), options)).to.deep.equal(
      expected,
    );
    expect(namedEntries("groups", from('acme/a: {}\nacme/b: { size: large }\n"42":\n'), options)).to.have.deep.members(
      expected,
    );
  });

  const refused: [string, EntryList, string, string][] = [
    ["a file with nothing", "groups", "# none\n", "teams names none"],
    [
      "no YAML",
      "groups",
      "- [a\n",
      "teams, line 2: no valid YAML: a line is not as far from the margin as it has to be",
    ],
    ["an entry that is none", "groups", "- a\n- [b]\n", "teams, entry 2: a text or keys with values are expected"],
    ["one without path and id", "groups", "- { tags: [x] }\n", "teams, entry 1: it has no path and no id"],
    [
      "one with both",
      "projects",
      "- { path: a/b, id: 7 }\n",
      "teams, entry 1: it has a path and an id; take one of them out",
    ],
    ["one without a name", "instanceRunners", "- { path: a }\n", "teams, entry 1: it has no name"],
    [
      "a key's value that is none",
      "groups",
      "a: 5\n",
      "teams, a: keys with values are expected, like {tags: [web]}, or {} for none; it is 5",
    ],
    [
      "a path below a key",
      "groups",
      "a: { path: b }\n",
      "teams, a.path: the entry's key says whom it is for; take path out",
    ],
    ["something else", "groups", '"a b"\n', "teams: one path on each line is expected, or a list or a map in YAML"],
  ];
  for (const [what, list, text, message] of refused) {
    it(`are refused for ${what}`, () => expect(() => namedEntries(list, from(text))).to.throw(UserError, message));
  }

  it("have to be some", () => {
    expect(() => namedEntries("groups", { names: [] })).to.throw(
      "nothing is named: give paths, or --id, or --from a file",
    );
    expect(() => namedEntries("instanceRunners", { names: [] })).to.throw(
      "nothing is named: give names, or --from a file",
    );
  });
});

const stack = `config:
  gitlab-fargate-runners:groups:
    - acme/old # the oldest
  gitlab-fargate-runners:projects: # by path
    acme/api/a: {}
  gitlab-fargate-runners:sizes: { large: { cpu: 4096, memory: 16384 } }
`;

describe("a command that edits entries of a stack's file", () => {
  const folder = scratch();
  const flags: EntryFlags = { stack: "dev", preview: false };
  after(() => folder.remove());
  beforeEach(() => void folder.file("Pulumi.dev.yaml", stack));
  const text = () => readFileSync(path.join(folder.dir, "Pulumi.dev.yaml"), "utf8");
  const config = (name: string) => parse(text()).config[`gitlab-fargate-runners:${name}`];
  const add = (list: EntryList, names: string[], options = {}, more: Partial<EntryFlags> = {}) =>
    addNamed(list, names, options, { ...flags, ...more }, { folder: folder.dir });
  const remove = (list: EntryList, names: string[], more: Partial<EntryFlags> = {}) =>
    removeNamed(list, names, { ...flags, ...more }, { folder: folder.dir });

  it("adds and removes groups, projects and instance runners, and leaves the file as it was", async () => {
    const options = { tags: ["web"], protected: true };
    await add("groups", ["acme/a"], options, { id: [7] });
    await add("projects", ["acme/api/b"], { size: "large" });
    await add("instanceRunners", ["shared", "other"]);
    expect(text()).to.not.match(/[&*]/);
    expect(config("groups")).to.deep.equal(["acme/old", { path: "acme/a", ...options }, { id: 7, ...options }]);
    expect(config("projects")).to.deep.equal({ "acme/api/a": {}, "acme/api/b": { size: "large" } });
    expect(config("instanceRunners")).to.deep.equal(["shared", "other"]);
    await remove("groups", ["Acme/A"], { id: [7] });
    await remove("projects", ["acme/api/b"]);
    await remove("instanceRunners", ["shared", "other"]);
    expect(text()).to.equal(`${stack}  gitlab-fargate-runners:instanceRunners: []\n`);
  });

  it("takes four hundred from a file, with one check of them all, and removes them by it", async () => {
    const file = folder.file("teams", Array.from({ length: 400 }, (_, index) => `acme/team/p${index}\n`).join(""));
    await add("projects", [], { tags: ["t"] }, { from: file });
    expect(Object.keys(config("projects"))).to.have.length(401);
    const few = folder.file("few", "acme/team/p0\nacme/team/p399\n");
    await remove("projects", [], { from: few });
    expect(Object.keys(config("projects")))
      .to.have.length(399)
      .and.to.not.include("acme/team/p399");
  });

  it("changes nothing where one of many is wrong, or is there already", async () => {
    const failure = async (run: Promise<number>) =>
      run.then(
        () => "none",
        (error: Error) => error.message,
      );
    const file = folder.file("teams", "- acme/a\n- { path: acme/b, size: huge }\n");
    expect(await failure(add("groups", [], {}, { from: file }))).to.match(
      /^nothing was changed.*\n {2}groups\[2\]\.size: no size 'huge'/,
    );
    expect(await failure(add("groups", ["acme/b", "ACME/old"]))).to.contain('has "ACME/old" already');
    expect(await failure(add("projects", ["acme/api/b"], { untagged: false }))).to.contain(
      'projects["acme/api/b"].untagged: false needs tags',
    );
    expect(
      await failure(add("groups", [], {}, { from: folder.file("plain", "- { path: acme/t, token: glrt-s3cret }\n") })),
    )
      .to.contain("groups[1].token: in plain text")
      .and.to.not.contain("s3cret");
    expect(await failure(remove("groups", ["acme/old", "acme/none"]))).to.contain(
      'has no "acme/none"; it has acme/old',
    );
    expect(await failure(add("groups", [], {}, { from: path.join(folder.dir, "nowhere") }))).to.contain(
      "nowhere cannot be read: ENOENT",
    );
    expect(text()).to.equal(stack);
  });

  it("tells as JSON what was done", async () => {
    const json = path.join(folder.dir, "report.json");
    await add("instanceRunners", ["shared"], { size: "large" }, { json });
    const entry = { name: "shared", size: "large" };
    const done = { done: "added", file: "Pulumi.dev.yaml", preview: null };
    expect(JSON.parse(readFileSync(json, "utf8"))).to.deep.equal({ ...done, entry, entries: [entry] });
    await add("groups", ["acme/a", "acme/b"], {}, { json });
    expect(JSON.parse(readFileSync(json, "utf8"))).to.deep.equal({
      ...done,
      entries: [{ path: "acme/a" }, { path: "acme/b" }],
    });
  });
});
