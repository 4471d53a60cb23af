/** `add-group` and `remove-group`: an edit of the stack file that is written once its preview has succeeded. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { tell, write } from "./output";
import { publish, takePreview, verdict } from "./preview";
import { failed, type Report } from "./report/report";
import type { NewEntry } from "./new-entry";
import { addGroup, removeGroup } from "./stack-file";
import { fileOf, readStackFile } from "./stack-file-read";
import { projectDir } from "./stack";

export interface EntryFlags {
  stack: string;
  json?: string;
  /** False: edit the file and leave it at that. */
  preview: boolean;
}

export const addEntry = (entry: NewEntry, flags: EntryFlags, signal?: AbortSignal): Promise<number> =>
  editStackFile("added", entry, flags, (text) => addGroup(text, entry), signal);

export const removeEntry = (groupPath: string, flags: EntryFlags, signal?: AbortSignal): Promise<number> =>
  editStackFile("removed", { path: groupPath }, flags, (text) => removeGroup(text, groupPath), signal);

async function editStackFile(
  done: "added" | "removed",
  entry: NewEntry,
  flags: EntryFlags,
  edit: (text: string) => string,
  signal?: AbortSignal,
): Promise<number> {
  const { stack, json } = flags;
  const name = fileOf(stack);
  const file = path.join(projectDir, name);
  const edited = edit(readStackFile(file, stack));
  const report = flags.preview ? await previewEdited(stack, edited, signal) : undefined;
  const refused = report !== undefined && failed(report);
  if (!refused) {
    // As the file is now: somebody may have changed it while the preview ran.
    writeFileSync(file, edit(readStackFile(file, stack)));
    tell(`${done} ${entry.path} ${done === "added" ? "to" : "from"} ${name}`);
  }
  if (json) {
    const told = { done: refused ? null : done, entry, file: name, preview: report ?? null };
    write(json, `${JSON.stringify(told, null, 2)}\n`);
  }
  if (!report) return 0;
  if (json !== "-") publish(report, { stack });
  const exitCode = verdict(report, { stack });
  if (refused) tell(`${name} is as it was; --no-preview edits it all the same`);
  return exitCode;
}

/** Of a copy of the stack file: nothing has to be put back, however the preview ends. */
async function previewEdited(stack: string, text: string, signal?: AbortSignal): Promise<Report> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "stack-file-"));
  try {
    const configFile = path.join(folder, fileOf(stack));
    writeFileSync(configFile, text, { mode: 0o600 });
    return await takePreview({ stack, configFile }, signal);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
