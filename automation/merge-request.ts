/**
 * One note per stack in a merge request, found again by a mark in its first line and updated in place.
 *
 * A plain note and no thread: an open thread would block merging where all have to be resolved. Instead the note says by
 * itself that it is outdated.
 */
import type { Note } from "./gitlab-api";

/** What notes are kept in: GitLab, or a test's list. */
export interface NoteStore {
  currentUser(): Promise<{ id: number }>;
  notes(iid: string): Promise<Note[]>;
  createNote(iid: string, body: string): Promise<Note>;
  updateNote(iid: string, id: number, body: string): Promise<Note>;
  deleteNote(iid: string, id: number): Promise<void>;
}

export interface NoteOrigin {
  iid: string;
  stack: string;
  pipeline: number;
  commit: string;
  jobUrl: string;
}

export type NoteResult = "created" | "updated" | "unchanged" | "superseded" | "none";

/** Room for the mark and the last line beside the report. */
export const noteFrame = 2000;

const mark = (stack: string, pipeline: number) =>
  `<!-- gitlab-fargate-runners preview stack=${encodeURIComponent(stack)} pipeline=${pipeline} -->`;

/** The mark's pipeline; undefined for any other note. */
function pipelineOf({ body }: Note, stack: string): number | undefined {
  const match = /^<!-- gitlab-fargate-runners preview stack=(\S+) pipeline=(\d+) -->/.exec(body);
  return match && match[1] === encodeURIComponent(stack) ? Number(match[2]) : undefined;
}

/** Writes the report into the stack's note. A note of a later pipeline stays: this one has been overtaken. */
export async function writeNote(store: NoteStore, origin: NoteOrigin, report: string): Promise<NoteResult> {
  return put(store, origin, report, true);
}

/** Says in the stack's note, if there is one, that the merge request does not change the stack any more. */
export async function outdateNote(store: NoteStore, origin: NoteOrigin): Promise<NoteResult> {
  const { stack } = origin;
  const text = `### Preview of stack <code>${encodeURIComponent(stack)}</code>: outdated\n\nThis merge request no longer changes the stack.\n`;
  return put(store, origin, text, false);
}

async function put(store: NoteStore, origin: NoteOrigin, report: string, create: boolean): Promise<NoteResult> {
  const { iid, stack, pipeline } = origin;
  const [own, ...doubles] = await ownNotes(store, origin);
  // Two pipelines at once, or a repeated request, may have written two: the oldest stays, where links point to.
  for (const { id } of doubles) await store.deleteNote(iid, id);
  if (!own) {
    if (!create) return "none";
    await store.createNote(iid, body(origin, report));
    return "created";
  }
  if ((pipelineOf(own, stack) ?? 0) > pipeline) return "superseded";
  const text = body(origin, report);
  if (own.body === text) return "unchanged";
  await store.updateNote(iid, own.id, text);
  return "updated";
}

/** Those with the mark and by this token's user: others cannot be edited, and anybody can write the mark. */
async function ownNotes(store: NoteStore, { iid, stack }: NoteOrigin): Promise<Note[]> {
  const [user, notes] = await Promise.all([store.currentUser(), store.notes(iid)]);
  return notes
    .filter((note) => !note.system && note.author.id === user.id && pipelineOf(note, stack) !== undefined)
    .sort((a, b) => a.id - b.id);
}

function body({ stack, pipeline, commit, jobUrl }: NoteOrigin, report: string): string {
  const source = `Commit ${commit.slice(0, 8)}, [job](${encodeURI(jobUrl)}), whose artifacts hold the whole report.`;
  return `${mark(stack, pipeline)}\n${report.trimEnd()}\n\n<sub>${source}</sub>\n`;
}
