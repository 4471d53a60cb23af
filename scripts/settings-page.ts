/** docs/settings.md: text by hand around the reference, which is read off the schema. */
import * as path from "node:path";
import { format, resolveConfig } from "prettier";
import { schema } from "../components/settings/schema";
import { reference } from "./settings-reference";

const [begin, end] = ["<!-- The reference: npm run docs -->", "<!-- The end of the reference -->"];

/** The page with its reference as it has to be. @throws Error where the page lacks the marks around it */
export async function settingsPage(page: string): Promise<string> {
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`docs/settings.md lacks the marks ${begin} and ${end}`);
  const text = `${page.slice(0, before)}${begin}\n\n${reference(schema)}\n${page.slice(after)}`;
  const file = path.resolve(__dirname, "..", "docs", "settings.md");
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}
