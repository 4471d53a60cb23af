/** Edits of stack files that people may have written in any of YAML's ways. */
import { expect } from "chai";
import fc from "fast-check";
import { parse } from "yaml";
import { addGroup, removeGroup } from "../support/groups";

const key = "gitlab-fargate-runners:groups";

/** An entry's lines, from behind its dash, for a group's path. */
const forms: ((path: string) => string[])[] = [
  (path) => [path],
  (path) => [`"${path}" # its path: as it is`],
  (path) => [`{ path: ${path}, tags: [a, "b: c"] }`],
  (path) => [`path: ${path}`],
  (path) => [`path: ${path}`, "tags:", "  - a", "  # of these: two", "  - b"],
  (path) => ["", `path: ${path}`, "tags: [a,", "  b]"],
  (path) => ["# whose: ours", `path: ${path}`],
  (path) => [`path: ${path}`, "description: |", "  text", "", "  - more"],
  (path) => [`path: ${path}`, "description: |-", "  text", ""],
  (path) => ["description: >-", "  text: text", `path: ${path}`],
  (path) => [">-", `  ${path}`],
];
const between = fc.array(fc.constantFrom("", "# - no: group", "  # deeper"), { maxLength: 2 });
const others = fc.constantFrom(
  [],
  ["aws:region: eu-west-1"],
  ["gitlab-fargate-runners:projects:", "  - acme/other/app"],
  ["gitlab-fargate-runners:dashboard: true # no: comment", "", "# the end"],
  ["aws:profile: |", "  text"],
);

const stackFile = fc
  .record({
    before: others,
    comment: fc.constantFrom("", " # the groups: all"),
    entries: fc.array(fc.record({ above: between, form: fc.constantFrom(...forms) }), { maxLength: 4 }),
    below: between,
    after: others,
    indent: fc.constantFrom("", "  "),
    newline: fc.constantFrom("\n", "\r\n"),
    lastNewline: fc.boolean(),
  })
  .map(({ before, comment, entries, below, after, indent, newline, lastNewline }) => {
    const paths = entries.map((_, index) => `acme/group${index}`);
    const list = entries.flatMap(({ above, form }, index) => {
      const [first, ...rest] = form(paths[index]);
      return [...above, `- ${first}`.trimEnd(), ...rest.map((line) => line && `  ${line}`)];
    });
    // No setting twice.
    const rest = after === before ? [] : after;
    const lines = [...before, `${key}:${comment}`, ...list.map((line) => line && indent + line), ...below, ...rest];
    const text = ["config:", ...lines.map((line) => line && `  ${line}`)].join(newline) + (lastNewline ? newline : "");
    return { text, paths };
  });

const commentsOf = (text: string) => text.split("\n").filter((line) => /^\s*# - no: group/.test(line)).length;
const withoutGroups = (config: Record<string, unknown>) => ({ ...config, [key]: undefined });

describe("any stack file", () => {
  it("is as it was after a group is added and removed again", () => {
    fc.assert(
      fc.property(stackFile, ({ text }) => {
        const added = addGroup(text, { path: "acme/new", tags: ["web"] });
        const before = parse(text).config;
        const entry = { path: "acme/new", tags: ["web"] };
        expect(parse(added).config).to.deep.equal({ ...before, [key]: [...(before[key] ?? []), entry] });
        const config = parse(removeGroup(added, "acme/new")).config;
        expect(config).to.deep.equal({ ...before, [key]: before[key] ?? [] });
      }),
      { numRuns: 300 },
    );
  });

  it("loses the group that is removed, and no other setting or comment", () => {
    fc.assert(
      fc.property(stackFile, ({ text, paths }) => {
        const before = parse(text).config;
        for (const [index, path] of paths.entries()) {
          const edited = removeGroup(text, path);
          const { config } = parse(edited);
          expect(withoutGroups(config)).to.deep.equal(withoutGroups(before));
          expect(config[key]).to.deep.equal((before[key] as unknown[]).filter((_, other) => other !== index));
          expect(commentsOf(edited)).to.equal(commentsOf(text));
        }
      }),
      { numRuns: 300 },
    );
  });
});
