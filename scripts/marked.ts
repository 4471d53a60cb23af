/** Parts of a page that are generated, each between `<!-- NAME -->` and `<!-- /NAME -->`. */

/** The page with these parts, by name, in the place of those that it has. @throws Error where it has no place for one */
export function withMarked(page: string, parts: Record<string, string>): string {
  return Object.entries(parts).reduce((text, [name, content]) => {
    const place = new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- /${name} -->)`);
    if (!place.test(text)) throw new Error(`there is no place for ${name}: <!-- ${name} --> and <!-- /${name} -->`);
    return text.replace(place, (_, open: string, close: string) => `${open}\n${content}\n${close}`);
  }, page);
}

/** A table in Markdown. */
export const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
