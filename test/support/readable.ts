/** A report's Markdown as text for a terminal, which shows no HTML: details by their summary, tables by their columns. */
import { table } from "../../sandbox/report";

export function readable(markdown: string): string {
  const lines: string[] = [];
  let rows: string[][] = [];
  const endTable = () => {
    if (rows.length > 0) lines.push(table(rows));
    rows = [];
  };
  for (const line of markdown.split("\n")) {
    const cells = /^\| (.*) \|$/.exec(line)?.[1]?.split(" | ").map(plain);
    if (!cells) {
      endTable();
      lines.push(plain(line).replace(/^#+ /, ""));
    } else if (!cells.every((cell) => cell === "---")) rows.push(cells);
  }
  endTable();
  return lines.join("\n");
}

const plain = (text: string): string =>
  text
    .replace(/<details><summary>(.*?)<\/summary>.*?<\/details>/g, "$1")
    .replace(/<[^>]+>|\*\*|`/g, "")
    .replace(/&#8203;/g, "")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .trim();
