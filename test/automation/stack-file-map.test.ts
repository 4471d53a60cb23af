/** Entries added to and removed from maps in stack files, of which nothing else may change. */
import { expect } from "chai";
import fc from "fast-check";
import { parse } from "yaml";
import { addEntries, removeEntries } from "../../automation/stack-file";
import { addGroup, removeGroup } from "../support/groups";

const key = "gitlab-fargate-runners:groups";
const commented = `config:
  aws:region: eu-central-1 # Frankfurt
  ${key}: # all of them
    # the first team
    acme/backend: {}   # since 2025
    acme/data:
      tags: [ large ]
      # a big one
      size: large

    # the last team
    acme/ops:

  # more settings
  gitlab-fargate-runners:sizes:
    large: { cpu: 4096, memory: 16384 }
`;
const map = (text: string) => `config:\n  ${key}: ${text}\n`;

describe("a map of groups in a stack file", () => {
  it("gets a group in its alphabetical place, comments in theirs", () => {
    const at = (path: string) => addGroup(commented, { path });
    expect(at("acme/apps")).to.equal(commented.replace("# all of them\n", "# all of them\n    acme/apps: {}\n"));
    expect(at("acme/frontend")).to.equal(commented.replace("size: large\n", "size: large\n    acme/frontend: {}\n"));
    expect(at("acme/web")).to.equal(commented.replace("acme/ops:\n", "acme/ops:\n    acme/web: {}\n"));
  });

  it("gets several at once, each in its place, and options in lines of their own", () => {
    const entries = [
      { path: "acme/web", tags: ["web", "a: b"], size: "large", maxSize: { cpu: 1024, memory: 2048 } },
      { path: "acme/Cache" },
      { path: "acme/apps" },
    ];
    const lines = ["tags: [web, 'a: b']".replaceAll("'", '"'), "size: large", "maxSize: {cpu: 1024, memory: 2048}"];
    expect(addEntries(commented, "groups", entries)).to.equal(
      commented
        .replace("# all of them\n", "# all of them\n    acme/apps: {}\n")
        .replace("# since 2025\n", "# since 2025\n    acme/Cache: {}\n")
        .replace("acme/ops:\n", `acme/ops:\n    acme/web:\n${lines.map((line) => `      ${line}\n`).join("")}`),
    );
  });

  it("gets several at the end of a file whose last line has no end, without blank lines between them", () => {
    const text = map("\n    acme/a: {}").replace(": \n", ":\n");
    const two = [{ path: "acme/c" }, { path: "acme/b" }];
    const after = `${text}    acme/b: {}\n    acme/c: {}\n`;
    expect(addEntries(text.trimEnd(), "groups", two)).to.equal(after);
    const windows = (lines: string) => lines.replaceAll("\n", "\r\n");
    expect(addEntries(windows(text).trimEnd(), "groups", two)).to.equal(windows(after));
    const before = [{ path: "acme/0" }];
    expect(addEntries(text.trimEnd(), "groups", before)).to.equal(
      text.replace("    acme/a", "    acme/0: {}\n    acme/a"),
    );
  });

  it("gets a group at its end where somebody has ordered it otherwise", () => {
    const text = map("\n    acme/z: {}\n    acme/a: {}").replace(": \n", ":\n");
    expect(addGroup(text, { path: "acme/c" })).to.equal(`${text}    acme/c: {}\n`);
  });

  it("may be in one line, or empty", () => {
    expect(addGroup(map("{}"), { path: "acme/c", tags: ["x"] })).to.equal(map("{acme/c: {tags: [x]}}"));
    expect(addGroup(map("{ acme/a, acme/b: {} }"), { path: "acme/c" })).to.equal(
      map("{ acme/a, acme/b: {}, acme/c: {} }"),
    );
    expect(removeGroup(map("{ acme/a, acme/b: {} }"), "acme/a")).to.equal(map("{ acme/b: {} }"));
    expect(removeGroup(map("{ acme/a, acme/b: {} }"), "acme/b")).to.equal(map("{ acme/a }"));
    expect(removeGroup(map("{ acme/a: {} }"), "acme/a")).to.equal(map("{}"));
  });

  it("loses a group's lines and leaves all others", () => {
    expect(removeGroup(commented, "acme/backend")).to.equal(
      commented.replace("    acme/backend: {}   # since 2025\n", ""),
    );
    expect(removeGroup(commented, "Acme/Ops")).to.equal(commented.replace("    acme/ops:\n", ""));
    expect(removeEntries(commented, "groups", ["acme/ops", "acme/data", "acme/backend"])).to.equal(
      commented
        .replace(`${key}:`, `${key}: {}`)
        .replace(/ {4}acme\/(backend|ops):.*\n/g, "")
        .replace(/ {4}acme\/data:[^]*size: large\n/, ""),
    );
  });

  it("knows ids by their text", () => {
    const text = addEntries(map("{ acme/a: {} }"), "groups", [{ id: 42 }]);
    expect(parse(text).config[key]).to.deep.equal({ "acme/a": {}, "42": {} });
    expect(removeGroup(text, "42")).to.equal(map("{ acme/a: {} }"));
    expect(removeGroup(map("{ 42: {}, acme/a: {} }"), "42")).to.equal(map("{ acme/a: {} }"));
  });

  it("may have an entry that is called secure, which encrypts nothing", () => {
    const runners = (text: string) => `config:\n  gitlab-fargate-runners:instanceRunners: ${text}\n`;
    const secure = addEntries(runners("{ shared: {} }"), "instanceRunners", [{ name: "secure" }]);
    const both = addEntries(secure, "instanceRunners", [{ name: "large" }]);
    expect(both).to.equal(runners("{ shared: {}, secure: {}, large: {} }"));
    expect(removeEntries(both, "instanceRunners", ["secure", "shared"])).to.equal(runners("{ large: {} }"));
    const wrong = () => addEntries(both, "instanceRunners", [{ name: "huge", size: "huge" }]);
    expect(wrong).to.throw(/instanceRunners\.huge\.size: no size 'huge'/);
    expect(() => addEntries(runners("{ secure: v1:x:y }"), "instanceRunners", [{ name: "a" }])).to.throw(
      "neither a list",
    );
  });

  it("is refused for what is there already, and for what the settings refuse, by the map's own places", () => {
    expect(() => addGroup(commented, { path: "Acme/Data" })).to.throw('groups has "Acme/Data" already');
    expect(() => addEntries(commented, "groups", [{ path: "a" }, { path: "A" }])).to.throw('"A" is to be added twice');
    expect(() => removeGroup(commented, "acme/web")).to.throw(
      'has no "acme/web"; it has acme/backend, acme/data, acme/ops',
    );
    expect(() => addGroup(commented, { path: "acme/new", size: "huge" })).to.throw(
      /^nothing was changed.*\n {2}groups\["acme\/new"\]\.size: no size 'huge'/,
    );
    expect(() => addGroup(commented, { path: "not a path" })).to.throw(/\n {2}groups\["not a path"\]: not the path of/);
    expect(() => addGroup(commented, { path: "acme/new", token: "glrt-x" })).to.throw(
      /\n {2}groups\["acme\/new"\]\.token: in plain text/,
    );
    expect(() => addGroup(map(`'{"acme/a": {}}'`), { path: "acme/c" })).to.throw("as JSON in a text");
  });

  it("is left to whoever wrote it where merge keys or anchors are in the way", () => {
    const merged = "config:\n  a:b: &b { acme/a: {} }\n" + `  ${key}:\n    <<: *b\n    acme/b: {}\n`;
    expect(() => removeGroup(merged, "acme/a")).to.throw("by a merge key (<<); edit it by hand");
    expect(() => addGroup(merged, { path: "acme/a" })).to.throw("already");
    const anchored = `config:\n  ${key}:\n    acme/a: &x { tags: [a] }\n    acme/b: *x\n`;
    expect(() => removeGroup(anchored, "acme/a")).to.throw("edit it by hand");
  });
});

const forms: ((path: string) => string[])[] = [
  (path) => [`${path}:`],
  (path) => [`${path}: ~ # nothing: else`],
  (path) => [`"${path}": {} # its path: as it is`],
  (path) => [`${path}: { tags: [a, "b: c"] }`],
  (path) => [`${path}: # whose`, "  # ours: yes", "  tags:", "    - a", "    - b"],
  (path) => [`${path}:`, "  maintenanceNote: |", "    text", "", "    more"],
  (path) => [`${path}:`, "  tags: [a,", "    b]"],
];
const between = fc.array(fc.constantFrom("", "# - no: group", "  # deeper"), { maxLength: 2 });
const stackFile = fc
  .record({
    entries: fc.array(fc.record({ above: between, form: fc.constantFrom(...forms) }), { minLength: 1, maxLength: 4 }),
    order: fc.constantFrom("sorted", "reversed"),
    after: fc.constantFrom([], ["", "# the end"], ["aws:region: a"]),
    newline: fc.constantFrom("\n", "\r\n"),
    lastNewline: fc.boolean(),
  })
  .map(({ entries, order, after, newline, lastNewline }) => {
    const paths = entries.map((_, index) => `acme/m${order === "sorted" ? index : 9 - index}`);
    const own = entries.flatMap(({ above, form }, index) => [...above, ...form(paths[index])]);
    const lines = [`${key}:`, ...own.map((line) => line && `  ${line}`), ...after];
    const text = ["config:", ...lines.map((line) => line && `  ${line}`)].join(newline) + (lastNewline ? newline : "");
    return { text, paths };
  });
const commentsOf = (text: string) => text.split("\n").filter((line) => /^\s*# - no: group/.test(line)).length;

describe("any map of groups", () => {
  it("gains groups and loses any, and no other entry or comment", () => {
    fc.assert(
      fc.property(stackFile, fc.constantFrom("acme/a", "acme/m15", "acme/z"), ({ text, paths }, path) => {
        const before = parse(text).config;
        const added = addGroup(text, { path, tags: ["web"] });
        expect(parse(added).config).to.deep.equal({ ...before, [key]: { ...before[key], [path]: { tags: ["web"] } } });
        expect(commentsOf(added)).to.equal(commentsOf(text));
        expect(parse(removeGroup(added, path)).config).to.deep.equal(before);
        for (const one of paths) {
          const edited = removeGroup(text, one);
          const { [one]: _, ...left } = before[key];
          expect(parse(edited).config).to.deep.equal({ ...before, [key]: left });
          expect(commentsOf(edited)).to.equal(commentsOf(text));
        }
      }),
      { numRuns: 100 },
    );
  });
});
