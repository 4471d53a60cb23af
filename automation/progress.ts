/** What the engine does, in a line per resource, while it does it. */
import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation";
import { changesOf, type Op } from "./changes";
import { meaningsOf } from "./meaning";
import { maskText } from "./report/masking";

export type Mode = "preview" | "deploy" | "destroy";

const doing: Record<Op, string> = {
  create: "add",
  update: "change",
  replace: "replace",
  delete: "remove",
  read: "read",
  import: "import",
};

/** Makes lines of events; one per change in a preview, one at its start and one at its end in a deployment. */
export function createProgress(mode: Mode): (event: EngineEvent) => string | undefined {
  const started = new Map<string, number>();
  return (event) => {
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent } = event;
    if (resourcePreEvent) {
      const { metadata } = resourcePreEvent;
      if (mode === "preview" && started.has(metadata.urn)) return undefined;
      started.set(metadata.urn, event.timestamp);
      return line(metadata, mode === "preview" ? "" : " …");
    }
    if (resOpFailedEvent) return line(resOpFailedEvent.metadata, ": failed");
    if (resOutputsEvent && mode !== "preview") {
      const seconds = event.timestamp - (started.get(resOutputsEvent.metadata.urn) ?? event.timestamp);
      return line(resOutputsEvent.metadata, `: done in ${seconds} s`);
    }
    // What a drain waits for, and why it does not: it has no other way to say it.
    if (diagnosticEvent?.ephemeral && diagnosticEvent.urn?.endsWith("-drain") && mode !== "preview") {
      return maskText(`  ${diagnosticEvent.message.trim()}`);
    }
    // A preview ends at its errors, and whoever asked for it tells them.
    const severities = mode === "preview" ? ["warning"] : ["error", "warning"];
    if (diagnosticEvent && !diagnosticEvent.ephemeral && severities.includes(diagnosticEvent.severity)) {
      return maskText(`${diagnosticEvent.severity}: ${diagnosticEvent.message.trim()}`);
    }
    return undefined;
  };
}

function line(metadata: StepEventMetadata, state: string): string | undefined {
  const { changes } = changesOf([{ sequence: 0, timestamp: 0, resourcePreEvent: { metadata } }]);
  const [meaning] = meaningsOf(changes);
  return meaning && maskText(`  ${doing[meaning.change.op]} ${meaning.subject}${state}`);
}
