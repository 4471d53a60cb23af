/**
 * Writes the generated parts of the documentation again: the reference in docs/settings.md and editors' schema, from the
 * settings' schema, and the lists in docs/third-party.md, from what the driver is compiled of.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { Command } from "commander";
import { settingsPage } from "./settings-page";
import { schemaFile, stackSchema } from "./stack-schema";
import { thirdPartyFile, thirdPartyPage } from "./third-party";

const root = path.resolve(__dirname, "..");
const page = path.join(root, "docs", "settings.md");

async function write(): Promise<void> {
  put(page, await settingsPage(readFileSync(page, "utf8")));
  put(schemaFile, await stackSchema());
  put(thirdPartyFile, await thirdPartyPage(readFileSync(thirdPartyFile, "utf8")));
}

function put(file: string, text: string): void {
  const name = path.relative(root, file);
  if (existsSync(file) && readFileSync(file, "utf8") === text) return console.log(`${name} is up to date`);
  writeFileSync(file, text);
  console.log(`${name} is written`);
}

void new Command("npm run docs --")
  .description(
    "writes docs/settings.md and docs/stack.schema.json again, from the settings' schema, and docs/third-party.md (needs Go)",
  )
  .action(write)
  .parseAsync();
