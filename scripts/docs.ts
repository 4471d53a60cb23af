/** Writes the reference in docs/settings.md anew: npm run docs. */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { Command } from "commander";
import { settingsPage } from "./settings-page";

const file = path.resolve(__dirname, "..", "docs", "settings.md");

async function write(): Promise<void> {
  const before = readFileSync(file, "utf8");
  const after = await settingsPage(before);
  if (after === before) return console.log("docs/settings.md is up to date");
  writeFileSync(file, after);
  console.log("docs/settings.md is written");
}

void new Command("npm run docs --")
  .description("writes the reference in docs/settings.md anew, from the settings' schema")
  .action(write)
  .parseAsync();
