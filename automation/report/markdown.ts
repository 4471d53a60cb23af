/** The report as GitLab Flavored Markdown: the outcome, what is dangerous, then tables by what changes mean to people. */
import type { Op } from "../changes";
import type { Danger } from "../danger";
import type { Acknowledgements } from "../policy";
import { code, escapeProse, fenced } from "./escape";
import type { Difference } from "./difference";
import { later } from "./masking";
import { failed, hasChanges, type Report, type ReportedChange } from "./report";

export interface MarkdownOptions {
  /** In characters. */
  limit?: number;
  /** Where the whole report is when this one is cut. */
  whole?: string;
  /** What the merge request acknowledges. */
  acknowledged?: Acknowledgements;
}

/**
 * GitLab takes notes of up to 1,000,000 characters
 * (https://docs.gitlab.com/administration/instance_limits/#size-of-comments-and-descriptions-of-issues-merge-requests-and-epics).
 * Far less is read, and rendered at once.
 */
export const noteLimit = 100_000;

/** What is left out, step by step, until the text fits. */
const levels = [
  { differences: 50, rows: Infinity },
  { differences: 0, rows: Infinity },
  { differences: 0, rows: 100 },
  { differences: 0, rows: 10 },
] as const;

const valueLimit = 300;
const subjectLimit = 200;
const verbs: Record<Op, string> = {
  create: "add",
  update: "change",
  replace: "**replace**",
  delete: "**remove**",
  read: "read",
  import: "import",
};

/** The same report gives the same text. */
export function markdown(report: Report, options: MarkdownOptions = {}): string {
  const { limit = Infinity, whole = "the job's artifacts" } = options;
  const texts = levels.map(
    (level, index) => () => write(report, level, index > 0 ? whole : undefined, options.acknowledged),
  );
  for (const text of texts.slice(0, -1)) {
    const written = text();
    if (written.length <= limit) return written;
  }
  const shortest = texts.at(-1)!();
  if (shortest.length <= limit) return shortest;
  // Only dangers, errors or names beyond all measure are left: cut between lines, so that no row is half.
  const note = `\n\n_Cut here; the whole report is in ${whole}._\n`;
  const lines = shortest.slice(0, Math.max(0, limit - note.length)).split("\n");
  return closeFence(lines.slice(0, -1).join("\n")) + note;
}

function write(
  report: Report,
  level: (typeof levels)[number],
  whole: string | undefined,
  acknowledged: Acknowledgements | undefined,
): string {
  const blocks = [`### Preview of stack ${code(report.stack, subjectLimit)}`];
  if (failed(report)) {
    blocks.push("**The preview failed: this change cannot be deployed as it is.**");
    blocks.push(...report.errors.map((message) => fenced(clip(message, 4000))));
  } else blocks.push(`**${sentence(report.outcome)}**`);
  blocks.push(...dangerBlock(report.dangers, level.rows, acknowledged));
  if (report.imageToBuild) blocks.push(imageNote);
  if (report.warnings.length > 0) {
    blocks.push("#### Warnings", ...report.warnings.slice(0, 20).map((message) => fenced(clip(message, 1000))));
  }
  if (failed(report) && hasChanges(report)) blocks.push("What the preview had found until then:");
  for (const { name, changes } of report.groups) blocks.push(`#### ${name}`, table(changes, level));
  if (whole !== undefined) blocks.push(`_Shortened; the whole report is in ${whole}._`);
  if (!failed(report))
    blocks.push(
      report.unchanged === 1 ? "1 resource stays as it is." : `${report.unchanged} resources stay as they are.`,
    );
  return blocks.join("\n\n") + "\n";
}

const imageNote =
  "The job image was **not built** for this preview, which needs no builder; its digest, and what names it, are known " +
  "after the deployment. A deployment needs a Docker daemon or BuildKit, or an image built elsewhere (`image.uri`).";

function dangerBlock(dangers: Danger[], rows: number, acknowledged: Acknowledgements | undefined): string[] {
  if (dangers.length === 0) return [];
  const shown = dangers.slice(0, rows);
  const lines = shown.map(({ id, title, subject, means, lasts, acknowledge }) => {
    const state = !acknowledge ? "not needed" : acknowledged?.ids.includes(id) ? `yes: \`${id}\`` : `**no**: \`${id}\``;
    return row([`**${title}**`, code(subject, subjectLimit), means, lasts, state]);
  });
  const cut = dangers.length > shown.length ? [row([`and ${dangers.length - shown.length} more`, "", "", "", ""])] : [];
  const open = dangers.filter(({ id, acknowledge }) => acknowledge && !acknowledged?.ids.includes(id));
  const ids = [...new Set(open.map(({ id }) => id))];
  return [
    "#### Danger",
    [
      row(["What", "Where", "What it means", "How long", "Acknowledged"]),
      row(["---", "---", "---", "---", "---"]),
      ...lines,
      ...cut,
    ].join("\n"),
    ...(ids.length === 0
      ? []
      : [
          `To go on, write into the merge request's description: \`Acknowledged: ${ids.join(", ")}\`, and run this job again.`,
        ]),
    ...(acknowledged && acknowledged.unknown.length > 0
      ? [`Acknowledged, but no danger is called so: ${acknowledged.unknown.map((id) => code(id, 60)).join(", ")}.`]
      : []),
  ];
}

function table(changes: ReportedChange[], level: (typeof levels)[number]): string {
  const shown = changes.slice(0, level.rows);
  const lines = shown.map(({ op, subject, differences }) =>
    row([verbs[op], code(subject, subjectLimit), details(op, differences, level.differences)]),
  );
  const cut = changes.length > shown.length ? [row(["", `and ${changes.length - shown.length} more`, ""])] : [];
  return [row(["", "What", "Properties"]), row(["---", "---", "---"]), ...lines, ...cut].join("\n");
}

function details(op: Op, differences: Difference[], shown: number): string {
  if (differences.length === 0) return "";
  const count = `${differences.length} ${differences.length === 1 ? "property" : "properties"}`;
  if (shown === 0) return count;
  const lines = differences.slice(0, shown).map((one) => `${code(one.path, subjectLimit)}: ${values(op, one)}`);
  if (differences.length > shown) lines.push(`and ${differences.length - shown} more`);
  return `<details><summary>${count}</summary>${lines.join("<br>")}</details>`;
}

function values(op: Op, { old, new: after }: Difference): string {
  const show = (text: string | undefined) => (text === undefined ? "<i>nothing</i>" : code(text, valueLimit));
  if (op === "create") return show(after);
  if (op === "delete") return show(old);
  if (after === later && old === undefined) return show(later);
  return old === after && old !== undefined ? `${show(after)} (another one)` : `${show(old)} → ${show(after)}`;
}

const row = (cells: string[]) => `| ${cells.join(" | ")} |`;

const sentence = (text: string) => `${escapeProse(text.charAt(0).toUpperCase() + text.slice(1), 1000)}.`;

const clip = (text: string, limit: number) =>
  text.length > limit ? `${text.slice(0, limit)}\n… (${text.length} characters)` : text;

/** A text that was cut inside a fence would take the rest of the note into it. */
function closeFence(text: string): string {
  let open: string | undefined;
  for (const line of text.split("\n")) {
    const fence = /^(`{3,})/.exec(line)?.[1];
    if (fence === undefined) continue;
    if (open === undefined) open = fence;
    else if (fence.length >= open.length && line === fence) open = undefined;
  }
  return open === undefined ? text : `${text}\n${open}`;
}
