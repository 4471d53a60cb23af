/** Writes what is read off the settings' schema anew: the reference in docs/settings.md, and editors' schema. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { Command } from "commander";
import { settingsPage } from "./settings-page";
import { schemaFile, stackSchema } from "./stack-schema";

const root = path.resolve(__dirname, "..");
const page = path.join(root, "docs", "settings.md");

async function write(): Promise<void> {
  put(page, await settingsPage(readFileSync(page, "utf8")));
  put(schemaFile, await stackSchema());
}

function put(file: string, text: string): void {
  const name = path.relative(root, file);
  if (existsSync(file) && readFileSync(file, "utf8") === text) return console.log(`${name} is up to date`);
  writeFileSync(file, text);
  console.log(`${name} is written`);
}

void new Command("npm run docs --")
  .description("writes the reference in docs/settings.md and docs/stack.schema.json anew, from the settings' schema")
  .action(write)
  .parseAsync();
