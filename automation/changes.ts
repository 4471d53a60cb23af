/** What a preview or a deployment changes: the engine's events, made into one record per resource, in a fixed order. */
import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation";
import { at, flatten, type Value } from "./values";

export type Op = "create" | "update" | "replace" | "delete" | "read" | "import";

export interface PropertyChange {
  /** As the engine writes it: "cpu", "triggers[0]", "tags.team". */
  path: string;
  kind: "add" | "update" | "delete";
  /** This property is why the resource is replaced. */
  replaces: boolean;
  old?: Value;
  new?: Value;
}

export interface Change {
  urn: string;
  /** The resource's own type: "aws:ec2/instance:Instance". */
  type: string;
  /** Its logical name in the program. */
  name: string;
  op: Op;
  old: Record<string, Value>;
  new: Record<string, Value>;
  properties: PropertyChange[];
  /** The stack forgets it, and it stays. */
  retained?: boolean;
}

export interface ChangeSet {
  /** By type, name and URN: the engine's order depends on what was ready first. */
  changes: Change[];
  /** Resources that stay as they are. */
  unchanged: number;
  /** Messages, each once, in alphabetical order. */
  errors: string[];
  warnings: string[];
}

/** Steps of the engine that are one change: a replacement is told in three. */
const ops: Record<string, Op> = {
  create: "create",
  update: "update",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  delete: "delete",
  "discard-replaced": "delete",
  read: "read",
  "read-replacement": "read",
  "read-discard": "delete",
  import: "import",
  "import-replacement": "replace",
};

/**
 * What the engine names as the cause of a replacement and is no property: another resource is replaced, or somebody has
 * asked for it.
 */
const causes = new Set(["replaceWith", "deletedWith", "id"]);

/** Messages of the SDK about the program itself, which say nothing about the change. */
const chatter = [/^Undefined value \(\w+\) will not show as a stack output\.$/];

export function changesOf(events: EngineEvent[]): ChangeSet {
  const steps = new Map<string, Change>();
  const messages = { error: new Set<string>(), warning: new Set<string>() };
  let unchanged = 0;
  for (const { resourcePreEvent, diagnosticEvent, summaryEvent } of events) {
    if (resourcePreEvent) addStep(steps, resourcePreEvent.metadata);
    if (summaryEvent) unchanged = (summaryEvent.resourceChanges as Record<string, number> | undefined)?.same ?? 0;
    if (!diagnosticEvent || diagnosticEvent.ephemeral) continue;
    const { severity, message } = diagnosticEvent;
    if (severity === "error" || severity === "warning") messages[severity].add(message.trim());
  }
  const kept = (found: Set<string>) =>
    [...found].filter((message) => message !== "" && !chatter.some((pattern) => pattern.test(message))).sort();
  return {
    changes: [...steps.values()].sort(
      (a, b) => compare(a.type, b.type) || compare(a.name, b.name) || compare(a.urn, b.urn),
    ),
    unchanged,
    errors: kept(messages.error),
    warnings: kept(messages.warning),
  };
}

function addStep(steps: Map<string, Change>, metadata: StepEventMetadata): void {
  const { urn, type } = metadata;
  if (metadata.op === "same" || String(metadata.op) === "refresh") return;
  // An operation that a later engine adds is shown as an update rather than hidden.
  const op = ops[metadata.op] ?? "update";
  const known = steps.get(urn);
  // Of a replacement's three steps only one carries the differences.
  if (known && known.properties.length > 0) return;
  const old = (metadata.old?.inputs ?? {}) as Record<string, Value>;
  const after = (metadata.new?.inputs ?? {}) as Record<string, Value>;
  const properties = propertiesOf(op, metadata, old, after);
  steps.set(urn, {
    urn,
    type,
    name: urn.split("::").slice(3).join("::"),
    op: known?.op ?? op,
    old,
    new: after,
    properties,
    ...(op === "delete" && metadata.old?.retainOnDelete && { retained: true }),
  });
}

function propertiesOf(
  op: Op,
  metadata: StepEventMetadata,
  old: Record<string, Value>,
  after: Record<string, Value>,
): PropertyChange[] {
  if (op === "create")
    return flatten(after).map(([path, value]) => ({ path, kind: "add", replaces: false, new: value }));
  if (op === "delete")
    return flatten(old).map(([path, value]) => ({ path, kind: "delete", replaces: false, old: value }));
  const detailed = Object.entries(metadata.detailedDiff ?? {});
  const changed: [string, string][] =
    detailed.length > 0
      ? detailed.map(([path, { diffKind }]) => [path, diffKind])
      : [...new Set([...(metadata.diffs ?? []), ...(metadata.keys ?? [])])].map((path) => [path, "update"]);
  const replacing = new Set(metadata.keys ?? []);
  return changed
    .filter(([path]) => !causes.has(path) || path in old || path in after)
    .map(([path, diffKind]): PropertyChange => {
      const [kind, replace] = diffKind.split("-") as [PropertyChange["kind"], string | undefined];
      return {
        path,
        kind,
        replaces: replace !== undefined || replacing.has(path),
        old: at(old, path),
        new: at(after, path),
      };
    })
    .sort((a, b) => compare(a.path, b.path));
}

/** By code units: the same on every machine, whatever its locale. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
