/** What the command line's commands do, from options to exit codes. */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { requireBuilder } from "./builder";
import { mergeRequestContext, type MergeRequestContext } from "./ci";
import { UserError } from "./errors";
import { GitLabApi } from "./gitlab-api";
import { noteFrame, outdateNote, writeNote, type NoteOrigin } from "./merge-request";
import { acknowledgedIds, acknowledgements, unacknowledged, type Acknowledgements } from "./policy";
import { createProgress, type Mode } from "./progress";
import { markdown, noteLimit } from "./report/markdown";
import { failed, hasChanges, reportOf, type Report } from "./report/report";
import { addGroup, removeGroup, type GroupEntry } from "./stack-file";
import { deployStack, destroyStack, previewStack, projectDir, type UpdateOptions } from "./stack";

/** Results go to standard output or files, all else to standard error. */
const tell = (line: string) => console.error(line);

export interface PreviewFlags {
  stack: string;
  /** Files to write; "-": standard output. */
  json?: string;
  markdown?: string;
  mergeRequest?: boolean;
  outdated?: boolean;
  policy?: boolean;
  acknowledge?: string[];
  detailedExitcode?: boolean;
  configFile?: string;
}

/** @returns the exit code: 0, with --detailed-exitcode 2 for changes; 1 for what cannot or must not be deployed */
export async function preview(flags: PreviewFlags, signal?: AbortSignal): Promise<number> {
  const context = flags.mergeRequest || flags.outdated ? mergeRequestContext(process.env) : undefined;
  const api = context && new GitLabApi({ url: context.apiUrl, token: context.token, project: context.project });
  try {
    if (flags.outdated) {
      tell(`note of stack ${flags.stack}: ${await outdateNote(api!, originOf(flags.stack, context!))}`);
      return 0;
    }
    // A token that will not do is told before the preview and not after it.
    const mergeRequest = context && (await api!.mergeRequest(context.iid));
    const report = await takePreview(flags, signal);
    const acknowledged = mergeRequest
      ? acknowledgements({ ...mergeRequest, description: mergeRequest.description ?? "" }, flags.stack)
      : acknowledgedIds(flags.acknowledge ?? []);
    const judged = flags.policy || mergeRequest !== undefined;
    publish(report, flags, judged ? acknowledged : undefined);
    if (context) {
      const text = markdown(report, { limit: noteLimit - noteFrame, acknowledged });
      tell(`note of stack ${flags.stack}: ${await writeNote(api!, originOf(flags.stack, context), text)}`);
    }
    return verdict(report, flags, judged ? acknowledged : undefined);
  } finally {
    await api?.close();
  }
}

const originOf = (stack: string, { iid, pipeline, commit, jobUrl }: MergeRequestContext): NoteOrigin => ({
  ...{ stack, iid, pipeline, commit, jobUrl },
});

async function takePreview({ stack, configFile }: PreviewFlags, signal?: AbortSignal): Promise<Report> {
  tell(`previewing stack ${stack}`);
  return reportOf(stack, await previewStack({ stack, configFile, signal, onEvent: showing("preview") }));
}

function publish(report: Report, flags: PreviewFlags, acknowledged?: Acknowledgements): void {
  if (flags.markdown) write(flags.markdown, markdown(report, { acknowledged }));
  if (flags.json) write(flags.json, `${JSON.stringify(report, null, 2)}\n`);
  const onStdout = flags.markdown === "-" || flags.json === "-";
  if (!failed(report) && !onStdout) console.log(`${report.stack}: ${report.outcome}`);
  for (const { title, subject, means, lasts } of report.dangers)
    tell(`danger: ${title}: ${subject}. ${means} ${lasts}`.trim());
  if (report.imageToBuild) tell("the job image was not built: a preview needs no builder");
}

function verdict(report: Report, flags: PreviewFlags, acknowledged?: Acknowledgements): number {
  if (failed(report)) {
    tell(`the preview of stack ${report.stack} failed:\n${report.errors.join("\n")}`);
    return 1;
  }
  const open = acknowledged ? unacknowledged(report.dangers, acknowledged) : [];
  if (acknowledged && acknowledged.unknown.length > 0)
    tell(`acknowledged, but unknown: ${acknowledged.unknown.join(", ")}`);
  if (open.length > 0) {
    const ids = [...new Set(open.map(({ id }) => id))].join(", ");
    tell(`not acknowledged: ${ids}. Write into the merge request's description: Acknowledged: ${ids}`);
    return 1;
  }
  return flags.detailedExitcode && hasChanges(report) ? 2 : 0;
}

export interface DeployFlags {
  stack: string;
  json?: string;
  /** Seconds. */
  lockTimeout: number;
  configFile?: string;
}

/** Previews, makes sure that what has to be built can be built, and deploys. */
export async function deploy(flags: DeployFlags, signal?: AbortSignal): Promise<number> {
  const planned = await takePreview(flags, signal);
  if (failed(planned)) return verdict(planned, flags);
  if (planned.imageToBuild) requireBuilder();
  tell(`deploying stack ${flags.stack}: ${planned.outcome}`);
  const result = await deployStack({ ...updating(flags, "deploy", signal), configFile: flags.configFile });
  return finish(reportOf(flags.stack, result), flags, "deployed");
}

export async function destroy(flags: DeployFlags & { yes?: boolean }, signal?: AbortSignal): Promise<number> {
  if (!flags.yes) throw new UserError(`this takes down all of stack ${flags.stack}; say so: --yes`);
  tell(`destroying stack ${flags.stack}`);
  const result = await destroyStack({ ...updating(flags, "destroy", signal), configFile: flags.configFile });
  return finish(reportOf(flags.stack, result), flags, "destroyed");
}

function updating({ stack, lockTimeout }: DeployFlags, mode: Mode, signal?: AbortSignal): UpdateOptions {
  const onWait = ({ text }: { text: string }) => tell(`waiting for stack ${stack}: ${text}`);
  return { stack, signal, onEvent: showing(mode), lock: { patience: lockTimeout * 1000, interval: 5000, onWait } };
}

function finish(report: Report, { json }: DeployFlags, done: string): number {
  if (json) write(json, `${JSON.stringify(report, null, 2)}\n`);
  if (failed(report)) {
    tell(`stack ${report.stack} is not ${done}:\n${report.errors.join("\n")}`);
    return 1;
  }
  if (json !== "-") console.log(`${done} ${report.stack}: ${report.outcome}`);
  return 0;
}

export interface EntryFlags {
  stack: string;
  json?: string;
  /** False: edit the file and leave it at that. */
  preview: boolean;
}

export const addEntry = (entry: GroupEntry, flags: EntryFlags, signal?: AbortSignal): Promise<number> =>
  editStackFile("added", entry, flags, (text) => addGroup(text, entry), signal);

export const removeEntry = (groupPath: string, flags: EntryFlags, signal?: AbortSignal): Promise<number> =>
  editStackFile("removed", { path: groupPath }, flags, (text) => removeGroup(text, groupPath), signal);

/** The stack file is written where the edit is right, whatever the preview then says. */
async function editStackFile(
  done: "added" | "removed",
  entry: GroupEntry,
  flags: EntryFlags,
  edit: (text: string) => string,
  signal?: AbortSignal,
): Promise<number> {
  const name = `Pulumi.${flags.stack}.yaml`;
  const file = path.join(projectDir, name);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new UserError(`there is no ${name}`);
  }
  writeFileSync(file, edit(text));
  tell(`${done} ${entry.path} ${done === "added" ? "to" : "from"} ${name}`);
  const report = flags.preview ? await takePreview(flags, signal) : undefined;
  if (flags.json)
    write(flags.json, `${JSON.stringify({ done, entry, file: name, preview: report ?? null }, null, 2)}\n`);
  if (!report) return 0;
  if (flags.json !== "-") publish(report, { stack: flags.stack });
  return verdict(report, { stack: flags.stack });
}

function write(file: string, text: string): void {
  if (file === "-") process.stdout.write(text);
  else writeFileSync(file, text);
}

function showing(mode: Mode): (event: EngineEvent) => void {
  const progress = createProgress(mode);
  return (event) => {
    const line = progress(event);
    if (line !== undefined) tell(line);
  };
}
