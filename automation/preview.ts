/** `preview`: what a deployment would do, told on standard output, in files and in a merge request's note. */
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { platformProblem } from "./builder";
import { mergeRequestContext, type MergeRequestContext } from "./ci";
import { GitLabApi } from "./gitlab-api";
import { noteFrame, outdateNote, writeNote, type NoteOrigin } from "./merge-request";
import { showing, tell, write } from "./output";
import { acknowledgedIds, acknowledgements, unacknowledged, type Acknowledgements } from "./policy";
import { markdown, noteLimit } from "./report/markdown";
import { failed, hasChanges, reportOf, type Report } from "./report/report";
import { previewStack } from "./stack";
import { refuseWrongFile } from "./stack-file-check";

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
  const api = context && new GitLabApi({ ...context, url: context.apiUrl });
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
    const problem = report.imageToBuild ? await platformProblem(report.imagePlatform) : undefined;
    if (problem !== undefined) tell(`a deployment from here would stop: ${problem}`);
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

/** @throws the signal's reason where the preview is interrupted: half a preview tells nothing */
export async function takePreview(
  { stack, configFile }: Pick<PreviewFlags, "stack" | "configFile">,
  signal?: AbortSignal,
): Promise<Report> {
  if (configFile !== undefined && existsSync(configFile)) {
    refuseWrongFile(path.basename(configFile), readFileSync(configFile, "utf8"));
  }
  tell(`previewing stack ${stack}`);
  const result = await previewStack({ stack, configFile, signal, onEvent: showing("preview") });
  signal?.throwIfAborted();
  return reportOf(stack, result);
}

export function publish(report: Report, flags: PreviewFlags, acknowledged?: Acknowledgements): void {
  if (flags.markdown) write(flags.markdown, markdown(report, { acknowledged }));
  if (flags.json) write(flags.json, `${JSON.stringify(report, null, 2)}\n`);
  const onStdout = flags.markdown === "-" || flags.json === "-";
  if (!failed(report) && !onStdout) console.log(`${report.stack}: ${report.outcome}`);
  for (const { title, subject, means, lasts } of report.dangers)
    tell(`danger: ${title}: ${subject}. ${means} ${lasts}`.trim());
  if (report.imageToBuild) tell("the job image was not built: a preview needs no builder");
}

export function verdict(report: Report, flags: PreviewFlags, acknowledged?: Acknowledgements): number {
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
