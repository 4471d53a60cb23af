/** `add-group`, `remove-group` and the like: an edit of the stack file that is written once its preview has succeeded. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { namedEntries, type Named } from "./entries-source";
import { UserError } from "./errors";
import { identityOf, type EntryList } from "./new-entry";
import { tell, write } from "./output";
import { publish, takePreview, verdict } from "./preview";
import { failed, type Report } from "./report/report";
import { addEntries, removeEntries } from "./stack-file";
import { fileOf, readStackFile } from "./stack-file-read";
import { projectDir } from "./stack";

export interface EntryFlags {
  stack: string;
  json?: string;
  /** False: edit the file and leave it at that. */
  preview: boolean;
  /** Of groups and projects. */
  id?: number[];
  /** A file that names many. */
  from?: string;
}

/** Where and how long the commands work. */
interface Context {
  signal?: AbortSignal;
  /** Of the stack's file. */
  folder?: string;
}

interface Edit {
  done: "added" | "removed";
  /** As `--json` tells them. */
  entries: Record<string, unknown>[];
  names: string[];
  edit(text: string): string;
}

/** @param options what each of the entries gets */
export async function addNamed(
  list: EntryList,
  names: readonly string[],
  options: Record<string, unknown>,
  flags: EntryFlags,
  context: Context = {},
): Promise<number> {
  const entries = namedEntries(list, named(names, flags), options);
  const edit = (text: string) => addEntries(text, list, entries);
  return editStackFile({ done: "added", ...told(list, entries), edit }, flags, context);
}

export async function removeNamed(
  list: EntryList,
  names: readonly string[],
  flags: EntryFlags,
  context: Context = {},
): Promise<number> {
  const entries = namedEntries(list, named(names, flags));
  const about = told(list, entries);
  return editStackFile(
    { done: "removed", ...about, edit: (text) => removeEntries(text, list, about.names) },
    flags,
    context,
  );
}

const named = (names: readonly string[], { id, from }: EntryFlags): Named => ({
  names,
  ids: id,
  from: from === undefined ? undefined : { name: from, text: contentOf(from) },
});

function contentOf(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function told(list: EntryList, entries: ReturnType<typeof namedEntries>): Pick<Edit, "entries" | "names"> {
  const names = entries.map((entry) => String(identityOf(list, entry)));
  return { names, entries: entries.map((entry) => Object.fromEntries(Object.entries(entry).filter(isGiven))) };
}

const isGiven = ([, value]: [string, unknown]) => value !== undefined;

async function editStackFile(
  { done, entries, names, edit }: Edit,
  flags: EntryFlags,
  { signal, folder = projectDir }: Context,
): Promise<number> {
  const { stack, json } = flags;
  const name = fileOf(stack);
  const file = path.join(folder, name);
  const edited = edit(readStackFile(file, stack));
  const report = flags.preview ? await previewEdited(stack, edited, signal) : undefined;
  const refused = report !== undefined && failed(report);
  if (!refused) {
    // As the file is now: somebody may have changed it while the preview ran.
    writeFileSync(file, edit(readStackFile(file, stack)));
    tell(`${done} ${few(names)} ${done === "added" ? "to" : "from"} ${name}`);
  }
  if (json) {
    const [entry, ...more] = entries;
    const what = more.length === 0 ? { entry, entries } : { entries };
    write(
      json,
      `${JSON.stringify({ done: refused ? null : done, ...what, file: name, preview: report ?? null }, null, 2)}\n`,
    );
  }
  if (!report) return 0;
  if (json !== "-") publish(report, { stack });
  const exitCode = verdict(report, { stack });
  if (refused) tell(`${name} is as it was; --no-preview edits it all the same`);
  return exitCode;
}

const few = (names: readonly string[]): string =>
  names.length > 10 ? `${names.slice(0, 9).join(", ")} and ${names.length - 9} others` : names.join(", ");

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
