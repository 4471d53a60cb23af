/** The latest calls of AWS: who asked for what, how it was answered, and which job's task that was about. */
import type { IncomingMessage } from "node:http";
import { operationOf, signatureOf } from "./iam/caller";
import { s3PermissionsIfKnown } from "./iam/s3-permissions";

export interface AwsCall {
  /** Counts up. */
  id: number;
  /** In ms since the epoch. */
  at: number;
  /** "ecs:RunTask" */
  action: string;
  /** Of HTTP; null where the caller got no answer. */
  status: number | null;
  /** An instance's or a task's id; undefined for whoever is neither, such as the engine. */
  caller?: string;
  /** `startedBy` of the task that the call is about, or comes from. */
  startedBy?: string;
}

type NamedTask = { id: string; startedBy?: string };

export interface Callers {
  /** The task that runs at an address. */
  taskAt(address: string): NamedTask | undefined;
  /** The task of an ARN or id, or whose network interface that is. */
  taskOf(name: string): NamedTask | undefined;
  /** The instance that has an address. */
  hostAt(address: string): { instanceId: string } | undefined;
}

/** How many are kept: of jobs, and of all others, so that a deployment's do not drive those of jobs out. */
const kept = { jobs: 2000, others: 200 };

export class Calls {
  private readonly jobs: AwsCall[] = [];
  private readonly others: AwsCall[] = [];
  private count = 0;

  constructor(private readonly callers: Callers) {}

  /** @param body as far as it was read */
  add(request: Pick<IncomingMessage, "method" | "url" | "headers">, from: string, body: Buffer, status: number | null) {
    const { action, parameters } = describe(request, body);
    const task = this.callers.taskAt(from);
    const call: AwsCall = {
      id: ++this.count,
      at: Date.now(),
      action,
      status,
      caller: task?.id ?? this.callers.hostAt(from)?.instanceId,
      startedBy: task?.startedBy ?? this.about(parameters),
    };
    const [list, limit] = call.startedBy === undefined ? [this.others, kept.others] : [this.jobs, kept.jobs];
    list.push(call);
    if (list.length > limit) list.shift();
  }

  /** Of each kind oldest first. */
  list(): AwsCall[] {
    return [...this.jobs, ...this.others];
  }

  /** What a call names itself, or the one task that it names: one that names several is about no job. */
  private about(parameters: Record<string, unknown>): string | undefined {
    if (typeof parameters.startedBy === "string") return parameters.startedBy;
    const names = Object.values(parameters).flat();
    const tasks = names.flatMap((name) => (typeof name === "string" ? (this.callers.taskOf(name) ?? []) : []));
    return tasks.length === 1 ? tasks[0].startedBy : undefined;
  }
}

function describe(
  request: Pick<IncomingMessage, "method" | "url" | "headers">,
  body: Buffer,
): { action: string; parameters: Record<string, unknown> } {
  const { service = "unsigned" } = signatureOf(request) ?? {};
  if (service === "s3") return { action: s3Action(request), parameters: {} };
  try {
    const { name, parameters } = operationOf(request, body);
    return { action: `${service}:${name || "?"}`, parameters };
  } catch {
    // It was not understood, nor read to its end.
    return { action: `${service}:?`, parameters: {} };
  }
}

/** SDKs name the operation; of the others there is what they need. */
function s3Action({ method = "GET", url = "/", headers }: Pick<IncomingMessage, "method" | "url" | "headers">): string {
  const named = new URLSearchParams(url.split("?", 2)[1]).get("x-id");
  return named ? `s3:${named}` : (s3PermissionsIfKnown(method, url, headers)[0]?.action ?? `s3:${method}`);
}
