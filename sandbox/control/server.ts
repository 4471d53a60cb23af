/** The daemon's control API on a Unix socket, for the CLI and the tests. */
import { rmSync } from "node:fs";
import Fastify from "fastify";
import type { Aws, TaskView } from "../aws";
import { awsEndpoint, projectDir } from "../config";
import type { GitLab } from "../gitlab";
import { controlSocket, type FaultRequest, type PipelineEvent, type PipelineRequest, type Status } from "./protocol";
import { runPipeline } from "./run-pipeline";

/** Listens until the process ends. */
export async function startControl(parts: {
  pid: number;
  aws: Aws;
  gitlab: GitLab;
  debugProviders: string;
  page: string;
  lease: boolean;
  shutdown: () => void;
}): Promise<void> {
  const { aws, gitlab } = parts;
  rmSync(controlSocket, { force: true });
  const app = Fastify();

  app.get("/status", async (): Promise<Status> => {
    const tasks = aws.tasks.list();
    const running = tasks.filter((task) => task.lastStatus !== "STOPPED").length;
    const started = aws.tasks.started();
    return {
      pid: parts.pid,
      project: projectDir,
      lease: parts.lease,
      endpoints: { aws: awsEndpoint, gitlab: gitlab.url },
      debugProviders: parts.debugProviders,
      page: parts.page,
      tasks: { started, running, stopped: started - running },
      hosts: aws.hosts.list().map(({ instanceId, address, state }) => ({ instanceId, address, state })),
      runners: gitlab.runners().map(({ id, description, contacted }) => ({ id, description, contacted })),
    };
  });

  app.post<{ Body: PipelineRequest }>("/pipelines", (request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "application/x-ndjson" });
    const emit = (event: PipelineEvent) => reply.raw.write(JSON.stringify(event) + "\n");
    const gone = new AbortController();
    reply.raw.on("close", () => gone.abort());
    void runPipeline({ aws, gitlab, request: request.body, emit, signal: gone.signal })
      .catch((error: Error) => emit({ type: "error", message: error.message }))
      .finally(() => reply.raw.end());
  });

  app.post<{ Params: { id: string }; Body: { force: boolean } }>("/jobs/:id/cancel", async ({ params, body }) => {
    gitlab.cancelJob(Number(params.id), body);
    return {};
  });

  app.get("/tasks", async (): Promise<TaskView[]> => aws.tasks.list());

  app.post<{ Body: FaultRequest }>("/faults", async ({ body }) => {
    await putFault(aws, body);
    return {};
  });

  app.post("/shutdown", async () => {
    setImmediate(parts.shutdown);
    return {};
  });

  await app.listen({ path: controlSocket });
}

async function putFault({ faults, hosts, registry }: Aws, request: FaultRequest): Promise<void> {
  switch (request.fault) {
    case "none":
      return faults.calm();
    case "throttle":
      return faults.throttle(request.action, request);
    case "lose-answer":
      return faults.loseAnswer(request.action, request, request.delay);
    case "exhaust":
      return faults.exhaust(request.capacityProvider, request);
    case "stale":
      return faults.stale(request.behind, request);
    case "slow-start":
      return faults.slowStart(request);
    case "late-iam":
      return faults.lateIam(request.delay);
    case "vcpu-quota":
      return faults.limitVcpus(request.vcpus);
    case "trouble-ssh":
      return faults.troubleSsh(request);
    case "interrupt-spot":
      return faults.interruptSpot(request.task, request.notice);
    case "cut-power":
      return hosts.cutPower(request.instanceId);
    case "expire-registry-passwords":
      return registry.expirePasswords();
    default:
      return faults.toTask(request.fault, request.task);
  }
}
