/** The Markdown's shape, whatever the values hold: rendered by markdown-it, as tables of which no cell breaks out. */
import { expect } from "chai";
import * as fc from "fast-check";
import MarkdownIt from "markdown-it";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { markdown, noteLimit } from "../../automation/report/markdown";
import { reportOf } from "../../automation/report/report";

const renderer = new MarkdownIt({ html: true, linkify: true });

const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    "a|b",
    "`",
    "``` \n",
    "<script>alert(1)</script>",
    "</details>",
    "</code>",
    "@all",
    "@group/team",
    "\n/close\n",
    "![x](http://x)",
    "#1",
    "| --- |",
    "\\|",
    "&amp;",
    "&#124;",
    "\u202egnp",
    "\u0000",
    "-->",
    "glrt-",
  ),
  fc.string({ unit: "grapheme", minLength: 0, maxLength: 40 }),
);
const long = fc.integer({ min: 1, max: 10 }).map((times) => "long|`<@".repeat(125 * times));
const text = fc.oneof(
  { weight: 5, arbitrary: nasty },
  { weight: 1, arbitrary: long },
  { weight: 2, arbitrary: fc.array(nasty, { maxLength: 4 }).map((parts) => parts.join("")) },
);

/** Letters and digits, as a secret that nothing else in the report can hold by chance. */
const secret = fc.stringMatching(/^[A-Za-z0-9]{20}$/);

const types = [
  "gitlab:index/userRunner:UserRunner",
  "command:remote:Command",
  "aws:ec2/instance:Instance",
  "aws:iam/rolePolicy:RolePolicy",
  "nobody:knows/it:Thing",
];
const ops = ["create", "update", "replace", "delete"] as const;

const secretValue = (value: string) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  ciphertext: "[secret]",
  value,
});

const step = (hidden: string) =>
  fc
    .record({
      type: fc.constantFrom(...types),
      name: fc.oneof(
        text,
        text.map((path) => `runners-group/${path}`),
      ),
      op: fc.constantFrom(...ops),
      before: text,
      after: text,
      property: text,
      form: fc.nat(4),
    })
    .map(({ type, name, op, before, after, property, form }): EngineEvent => {
      const key = property.replace(/[.[\]"\\]/g, "_") || "property";
      const dressed = [
        (value: string) => value,
        () => secretValue(hidden),
        (value: string) => `${value} glrt-${hidden} ${value}`,
        (value: string) => JSON.stringify({ [value]: value, token: hidden }),
        (value: string) =>
          `${value}\n-----BEGIN OPENSSH PRIVATE KEY-----\n${hidden}\n-----END OPENSSH PRIVATE KEY-----\n${value}`,
      ][form];
      const state = (value: string) => ({ inputs: { [key]: dressed(value), password: hidden }, outputs: {} });
      const urn = `urn:pulumi:dev::p::${type}::${name}`;
      const metadata = {
        ...{ op, urn, type, provider: "" },
        old: op === "create" ? undefined : state(before),
        new: op === "delete" ? undefined : state(after),
        detailedDiff:
          op === "update" || op === "replace"
            ? { [key]: { diffKind: "update", inputDiff: true }, password: { diffKind: "update", inputDiff: true } }
            : undefined,
      };
      return { sequence: 1, timestamp: 0, resourcePreEvent: { metadata } } as unknown as EngineEvent;
    });

const message = (hidden: string) =>
  text.map((body): EngineEvent => ({
    ...{ sequence: 1, timestamp: 0 },
    diagnosticEvent: {
      severity: "error",
      color: "never",
      message: `${body}\nglpat-${hidden}\nhttps://oauth2:${hidden}@gitlab.example.com`,
    },
  }));

const preview = secret.chain((hidden) =>
  fc.record({
    hidden: fc.constant(hidden),
    steps: fc.array(step(hidden), { maxLength: 8 }),
    errors: fc.array(message(hidden), { maxLength: 1 }),
  }),
);

interface Token {
  type: string;
  tag: string;
  content: string;
  children: Token[] | null;
}

/** The cells of each row of each table; and what stands outside of tables and fences. */
function shape(source: string): { rows: number[]; tables: number; outside: string[] } {
  const tokens = renderer.parse(source, {}) as unknown as Token[];
  const rows: number[] = [];
  const outside: string[] = [];
  let tables = 0;
  let inTable = false;
  for (const { type, content } of tokens) {
    if (type === "table_open") [inTable, tables] = [true, tables + 1];
    if (type === "table_close") inTable = false;
    if (type === "tr_open") rows.push(0);
    if (type === "td_open" || type === "th_open") rows[rows.length - 1]++;
    if (!inTable && content !== "" && type !== "fence") outside.push(content);
  }
  return { rows, tables, outside };
}

describe("the report's Markdown", () => {
  it("keeps its tables whole and shows no secret, whatever names, values and messages hold", () => {
    fc.assert(
      fc.property(preview, ({ hidden, steps, errors }) => {
        const report = reportOf("dev", { events: [...steps, ...errors] });
        const source = markdown(report, { limit: noteLimit });
        expect(source).not.to.contain(hidden);
        expect(JSON.stringify(report)).not.to.contain(hidden);

        const { rows, tables } = shape(source);
        const changes = report.groups.reduce((sum, group) => sum + group.changes.length, 0);
        expect(tables).to.equal(report.groups.length + Number(report.dangers.length > 0));
        // Each table has its head, and each change and each danger one row with all its cells.
        expect(rows.length).to.equal(changes + report.dangers.length + tables);
        expect(rows.every((cells) => cells === 3 || cells === 5)).to.equal(true);

        const html = renderer.render(source);
        expect(html).not.to.match(/<(script|img|a)\b/);
        const count = (tag: string) => (html.match(new RegExp(`<${tag}\\b`, "g")) ?? []).length;
        const ends = (tag: string) => (html.match(new RegExp(`</${tag}>`, "g")) ?? []).length;
        for (const tag of ["details", "summary", "code", "table"]) expect(count(tag), tag).to.equal(ends(tag));
        // A mention, outside of code: GitLab would notify whoever it names.
        const prose = html.replace(/<(code|pre)\b[\s\S]*?<\/\1>/g, "");
        expect(prose).not.to.match(/@[A-Za-z0-9_]/);
        // A quick action: a line that starts with a slash, outside of code.
        expect(prose.split("\n").filter((line) => /^\s*\//.test(line))).to.deep.equal([]);
      }),
      { numRuns: 300 },
    );
  });

  it("is cut to a limit without breaking a table or a fence", () => {
    fc.assert(
      fc.property(preview, fc.integer({ min: 400, max: 6000 }), ({ steps, errors }, limit) => {
        const source = markdown(reportOf("dev", { events: [...steps, ...errors] }), { limit, whole: "the artifact" });
        expect(source.length).to.be.at.most(limit + 20);
        const { rows } = shape(source);
        expect(rows.every((cells) => cells === 3 || cells === 5)).to.equal(true);
        if (source.includes("the artifact")) expect(renderer.render(source)).to.match(/the artifact\.<\/em>/);
      }),
      { numRuns: 200 },
    );
  });
});
