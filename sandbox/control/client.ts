/** The CLI's side of the control API. */
import { Client } from "undici";
import type { TaskView } from "../aws";
import { controlSocket, type FaultRequest, type PipelineEvent, type PipelineRequest, type Status } from "./protocol";

/** No socket, nobody listening, another user's, or a daemon that ends at this moment. */
const unreachable = ["ENOENT", "ECONNREFUSED", "EACCES", "ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

/** The daemon's status, or undefined when no sandbox can be reached. */
export async function readStatus(): Promise<Status | undefined> {
  try {
    return (await call("GET", "/status")) as Status;
  } catch (error) {
    if (unreachable.includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

export const requestShutdown = () => call("POST", "/shutdown");
export const listTasks = () => call("GET", "/tasks") as Promise<TaskView[]>;
export const putFault = (fault: FaultRequest) => call("POST", "/faults", fault);
/** `force`: without waiting for after_script. */
export const cancelJob = (id: number, force = false) => call("POST", `/jobs/${id}/cancel`, { force });

/** Starts a pipeline and yields its events; ending the iteration early cancels the pipeline. */
export async function* streamPipeline(request: PipelineRequest, signal?: AbortSignal): AsyncGenerator<PipelineEvent> {
  const client = newClient();
  try {
    const { body } = await client.request({
      method: "POST",
      path: "/pipelines",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
      signal,
    });
    let rest = "";
    body.setEncoding("utf8");
    for await (const chunk of body) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield JSON.parse(line) as PipelineEvent;
    }
  } finally {
    await client.destroy();
  }
}

async function call(method: "GET" | "POST", path: string, body?: object): Promise<unknown> {
  const client = newClient();
  try {
    const { statusCode, body: reply } = await client.request({
      method,
      path,
      ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    const answer = await reply.json();
    if (statusCode >= 400) throw new Error(`control API ${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  } finally {
    await client.destroy();
  }
}

/** Pipelines are silent for as long as their jobs are: no body time-out. */
const newClient = () => new Client("http://sandbox", { socketPath: controlSocket, bodyTimeout: 0, headersTimeout: 0 });
