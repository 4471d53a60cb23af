/**
 * Reads this project's Markdown for plain English, by the list in .prose.yaml: words that have a plainer one, and sentences
 * with too many words. `npm run lint` runs it. Prettier's own parser finds the text, so that code is left out.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import type { ParserOptions } from "prettier";
import { parsers } from "prettier/plugins/markdown";
import { parse } from "yaml";

export interface Rules {
  /** Words that a sentence may have. */
  maxWords: number;
  /** Patterns of the files that nobody writes by hand. */
  leftOut: string[];
  /** What to write for what a regular expression finds. */
  words: Record<string, string>;
}

/** A node of Prettier's syntax tree, as far as it is read here. */
interface Node {
  type: string;
  value?: string;
  children?: Node[];
  position: { start: { line: number } };
}

const root = path.resolve(__dirname, "..");
export const rules = parse(readFileSync(path.join(root, ".prose.yaml"), "utf8")) as Rules;

/** What stands between two blank lines, in a table's cell or in a heading. */
const blocks = new Set(["paragraph", "heading", "tableCell"]);

function blocksOf(node: Node): Node[] {
  return blocks.has(node.type) ? [node] : (node.children ?? []).flatMap(blocksOf);
}

/** Code counts as a word, whatever is in it. */
function textOf(node: Node): string {
  if (node.type === "inlineCode") return "`…`";
  if (node.type === "whitespace") return " ";
  return node.children?.map(textOf).join("") ?? node.value ?? "";
}

const sentencesOf = (text: string): string[] => text.split(/(?<=[.?!]["”)*]*)\s+/);
const wordsOf = (sentence: string): string[] => sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}`]/u.test(word));

/** A line for each mistake, with its place. */
export async function mistakes(name: string, text: string, { maxWords, words }: Rules): Promise<string[]> {
  const tree = (await parsers.markdown.parse(text, { originalText: text } as ParserOptions)) as Node;
  return blocksOf(tree).flatMap((block) => {
    const place = `${name}:${block.position.start.line}:`;
    const said = textOf(block).replace(/\s+/g, " ").trim();
    const found = Object.entries(words).flatMap(([find, say]) => {
      const hits = said.matchAll(new RegExp(`(?<![\\w-])(?:${find})(?![\\w-])`, "gi"));
      return [...hits].map(([hit]) => `${place} "${hit}": write ${say}`);
    });
    const long = sentencesOf(said).filter((sentence) => wordsOf(sentence).length > maxWords);
    return [
      ...found,
      ...long.map((one) => `${place} ${wordsOf(one).length} words, ${maxWords} at most: ${one.slice(0, 60)}`),
    ];
  });
}

/** Every Markdown file that is in git or may come into it. */
export function pages({ leftOut }: Rules): string[] {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"];
  const names = execFileSync("git", list, { cwd: root, encoding: "utf8" }).trim().split("\n");
  return names
    .filter((name) => existsSync(path.join(root, name)))
    .filter((name) => !leftOut.some((pattern) => new RegExp(pattern).test(name)));
}

async function main(): Promise<void> {
  const found = await Promise.all(
    pages(rules).map((name) => mistakes(name, readFileSync(path.join(root, name), "utf8"), rules)),
  );
  const all = found.flat();
  for (const line of all) console.error(line);
  if (all.length > 0) process.exitCode = 1;
}

if (require.main === module) void main();
