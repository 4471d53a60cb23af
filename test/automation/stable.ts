/** Recordings that are the same text whenever nothing has changed: what a deployment draws by lot is numbered instead. */
import type { EngineEvent } from "@pulumi/pulumi/automation";

/** Ids that AWS gives, and what the providers put behind a resource's name to make it unique. */
const drawn = /(?<=\b(?:i|sg|subnet|vpc|ami)-)[0-9a-f]{17}\b|(?<=\bgitlab-runners(?:-[a-z]+)*-)[0-9a-f]{7}\b/g;

export function numbered(text: string): string {
  const numbers = new Map<string, number>();
  return text.replace(drawn, (id) => {
    if (!numbers.has(id)) numbers.set(id, numbers.size + 1);
    return numbers.get(id)!.toString(16).padStart(id.length, "0");
  });
}

/** By resource, whose own steps keep their order; what is of none comes last. The engine's order is that of its threads. */
export function inOrder(events: EngineEvent[]): EngineEvent[] {
  const urn = ({ resourcePreEvent, diagnosticEvent }: EngineEvent) =>
    resourcePreEvent?.metadata.urn ?? diagnosticEvent?.urn ?? "~";
  return [...events].sort((a, b) => (urn(a) < urn(b) ? -1 : urn(a) > urn(b) ? 1 : 0));
}
