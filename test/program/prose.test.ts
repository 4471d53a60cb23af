/** The linter of Markdown, by a list of its own. The project's list is held to the pages by the check "prose". */
import { expect } from "chai";
import { mistakes, pages, rules, type Rules } from "../../scripts/prose";

const own: Rules = { maxWords: 8, leftOut: [], words: { anew: "again", "(is|are) told": "is reported" } };
const read = (text: string) => mistakes("page.md", text, own);

describe("the prose linter", () => {
  it("names each word that has a plainer one, with its place and what to write", async () => {
    expect(await read("# One\n\nIt starts anew. That is\ntold.\n\n- Anew, too.\n")).to.deep.equal([
      'page.md:3: "anew": write again',
      'page.md:3: "is told": write is reported',
      'page.md:6: "Anew": write again',
    ]);
  });

  it("finds it again in the same paragraph", async () => {
    expect(await read("It starts anew.\nAnd ends anew.\n")).to.have.length(2);
  });

  it("reads tables and headings, and leaves out parts of other words", async () => {
    expect(await read("## Made anew\n\n| a | b |\n| - | - |\n| 1 | anew |\n\nrenewed anew-ish\n")).to.deep.equal([
      'page.md:1: "anew": write again',
      'page.md:5: "anew": write again',
    ]);
  });

  it("leaves out code, in a line and in blocks, and addresses of links", async () => {
    expect(await read("Say `anew` [here](anew.md).\n\n    anew\n\n```\nanew\n```\n\n<!-- anew -->\n")).to.deep.equal(
      [],
    );
  });

  it("counts the words of each sentence; code is one", async () => {
    expect(await read("One two three four five six seven eight. One two.\n")).to.deep.equal([]);
    expect(await read("One two three `a b c d` five six\nseven eight.\n")).to.deep.equal([]);
    expect(await read("Short. One two three four five six seven eight nine?\n")).to.deep.equal([
      "page.md:1: 9 words, 8 at most: One two three four five six seven eight nine?",
    ]);
    expect(await read("A dot in 1.2.3 is not\nthe end of a sentence.\n")).to.have.length(1);
  });

  it("reads what people write, here and in folders, and nothing that is generated", () => {
    expect(pages(rules)).to.include.members(["README.md", "docs/driver.md", "bench/README.md"]);
    expect(pages(rules).filter((name) => name.includes("golden"))).to.deep.equal([]);
  });
});
