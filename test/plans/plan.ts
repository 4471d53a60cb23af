/** What an engine means to do, as far as two providers can be compared by it. Pure functions. */

/** By URN, without the project's part: what is done to the resource, and because of which of its properties. */
export type Plan = Record<string, Step>;

export interface Step {
  op: string;
  /** Properties that need another resource. */
  replacedBy: string[];
  /** Properties that change, without indices: what the providers say of lists differs in form. */
  changed: string[];
}

/** As `pulumi preview --json` writes it. */
export interface PreviewDigest {
  steps?: {
    op: string;
    urn: string;
    replaceReasons?: string[] | null;
    detailedDiff?: Record<string, { kind: string }> | null;
    diffReasons?: string[] | null;
  }[];
  diagnostics?: { severity: string; message: string }[];
}

/** Steps that follow from another one of the same resource, and those that found nothing new. */
const implied = new Set(["create-replacement", "delete-replaced", "read", "refresh", "same"]);

export function planOf({ steps = [] }: PreviewDigest): Plan {
  const plan: Plan = {};
  for (const { op, urn, replaceReasons, detailedDiff, diffReasons } of steps) {
    if (implied.has(op) || /::pulumi:/.test(urn)) continue;
    const paths = detailedDiff ? Object.keys(detailedDiff) : (diffReasons ?? []);
    const [type, name] = urn.split("::").slice(2);
    plan[`${type.split("$").pop()} ${name}`] = {
      op,
      replacedBy: named(replaceReasons ?? []),
      changed: named(paths),
    };
  }
  return plan;
}

/**
 * Default tags change `tags` in the one provider and `tagsAll` alone in the other: what a resource is tagged with in the
 * end. Names with underscores are the bridge's own notes.
 */
const named = (paths: string[]): string[] => {
  const properties = paths.map((path) => path.replace(/[.[].*$/, "").replace(/^tagsAll$/, "tags"));
  return [...new Set(properties)].filter((property) => !property.startsWith("__")).sort();
};

/** What is said of each resource of which the two plans say different things. */
export function differences(real: Plan, standIn: Plan): Record<string, string> {
  const found: Record<string, string> = {};
  for (const key of [...new Set([...Object.keys(real), ...Object.keys(standIn)])].sort()) {
    const [theirs, ours] = [told(real[key]), told(standIn[key])];
    if (theirs !== ours) found[key] = `real: ${theirs}; stand-in: ${ours}`;
  }
  return found;
}

function told(step: Step | undefined): string {
  if (!step) return "nothing";
  const { op, replacedBy, changed } = step;
  const why = replacedBy.length > 0 ? ` for ${replacedBy.join(", ")}` : "";
  return `${op}${why}${changed.length > 0 ? ` (${changed.join(", ")})` : ""}`;
}
