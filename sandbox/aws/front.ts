/**
 * The AWS endpoint of the sandbox. Requests of roles are held to their policies; then every request goes to moto
 * unchanged, except those whose effects have to be real, which are ECS's task actions, EC2's instance actions and the
 * passwords of ECR's registry. moto holds what it gets to AWS's models, and what is answered here is held to them
 * before.
 */
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Admission, Gate } from "./iam/gate";
import { signatureOf } from "./iam/caller";
import { refusal } from "./iam/refusal";
import { answerCbor, cborAction } from "./cloudwatch-cbor";
import { AwsError, ecsAction, isForm, LostAnswer, registryAction, type RegistryAction } from "./protocol";
import { addressOf, closeServer, listen, type Address } from "./server";
import { answerQuota, quotaAction } from "./service-quotas";

export interface FrontOptions {
  moto: Address;
  listen: Address;
  admit: Gate;
  /** An ECS action; undefined: moto answers. @throws AwsError, LostAnswer */
  ecs(action: string, body: object): Promise<object | undefined>;
  /** How many vCPU Fargate runs at a time in this account. */
  vcpuQuota(): number;
  /**
   * An EC2 action: what is sent to moto instead, and what follows from moto's answer before it is passed on.
   * Undefined: the request goes to moto as it is. @throws AwsError
   */
  ec2(form: URLSearchParams): Promise<Ec2Step | undefined>;
  /** Answers ECR's GetAuthorizationToken, asked by the owner of an access key. */
  registryPassword(accessKeyId: string): object;
  /** STS is asked for a role's credentials: what follows from moto's answer. @throws AwsError */
  assumeRole(accessKeyId: string, form: URLSearchParams): Promise<(answer: string) => void>;
  /** A request has been answered, or its caller got no answer. `body`: as far as it was read. */
  called?(request: http.IncomingMessage, from: string, body: Buffer, status: number | null): void;
  log(line: string): void;
}

export interface Ec2Step {
  form: URLSearchParams;
  answered(body: string): Promise<void>;
  /** moto refused it. */
  refused?(): void;
}

/** Bodies that are read as a whole; ECS's and EC2's requests are far smaller. */
const maxBody = 4 * 1024 * 1024;

/** What has been read of requests. */
const bodies = new WeakMap<http.IncomingMessage, Buffer>();

export async function startFront(options: FrontOptions): Promise<{ port: number; close(): Promise<void> }> {
  const server = http.createServer((request, response) => {
    const answer = async () => {
      // As a proxy it is asked for whole addresses.
      request.url = request.url?.replace(/^http:\/\/[^/]+/, "");
      const from = addressOf(request);
      response.once("close", () => {
        const status = response.writableFinished ? response.statusCode : null;
        options.called?.(request, from, bodies.get(request) ?? Buffer.alloc(0), status);
      });
      const admission = await admit(request, response);
      if (!admission) return;
      const whole = async () => admission.body ?? (await readBody(request));
      const action = ecsAction(request.headers);
      const quotas = quotaAction(request.headers);
      const ofRegistry = registryAction(request.headers);
      const answers: Record<RegistryAction, () => object> = {
        GetAuthorizationToken: () => options.registryPassword(signatureOf(request)?.accessKeyId ?? ""),
        // The account has no pull-through caches.
        DescribePullThroughCacheRules: () => ({ pullThroughCacheRules: [] }),
      };
      const inCbor = cborAction(request.url ?? "/");
      if (inCbor) await answerCbor(inCbor, request, await whole(), response, options.moto);
      else if (ofRegistry) await answerCall(ofRegistry, request, response, await whole(), () => answers[ofRegistry]());
      else if (quotas)
        await answerCall(quotas, request, response, await whole(), (name, body) =>
          answerQuota(options.vcpuQuota(), name, body),
        );
      else if (action)
        await answerCall(action, request, response, await whole(), (name, body) => options.ecs(name, body));
      else if (isForm("sts", request)) await answerSts(request, response, await whole());
      else if (isForm("ec2", request)) await answerEc2(request, response, await whole());
      else passOn(request, response, admission.body, admission.answered);
    };
    answer().catch((error: Error) => {
      options.log(`${request.method} ${request.url}: ${error.stack}`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  // Uploads and long answers are not bounded by a time of their own.
  server.requestTimeout = 0;

  /** Undefined where the request was refused. */
  async function admit(request: http.IncomingMessage, response: http.ServerResponse): Promise<Admission | undefined> {
    try {
      return await options.admit(request, () => readBody(request));
    } catch (error) {
      refuse(request, response, asAwsError(error, `${request.method} ${request.url}`));
      return undefined;
    }
  }

  function refuse(request: http.IncomingMessage, response: http.ServerResponse, error: AwsError): void {
    // Whoever still sends an upload reads the answer after it.
    request.resume();
    const { status, headers, body } = refusal(request, error);
    response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : body);
  }

  /** A call in JSON. Without an answer, moto answers. */
  async function answerCall(
    action: string,
    request: http.IncomingMessage,
    response: http.ServerResponse,
    body: Buffer,
    answerTo: (action: string, body: Record<string, unknown>) => object | undefined | Promise<object | undefined>,
  ): Promise<void> {
    try {
      const checked = await ask(request, body, { "x-only-check": "yes" });
      if (checked.status !== 204) return void response.writeHead(checked.status, checked.headers).end(checked.body);
      const answer = await answerTo(action, JSON.parse(body.toString() || "{}") as Record<string, unknown>);
      if (!answer) return passOn(request, response, body);
      answerJson(request, response, answer);
    } catch (error) {
      if (error instanceof LostAnswer) {
        setTimeout(() => request.socket.destroy(), error.delay).unref();
        return;
      }
      refuse(request, response, asAwsError(error, action));
    }
  }

  async function answerEc2(request: http.IncomingMessage, response: http.ServerResponse, body: Buffer): Promise<void> {
    const form = new URLSearchParams(body.toString());
    try {
      const step = await options.ec2(form);
      if (!step) return passOn(request, response, body);
      const answer = await ask(request, Buffer.from(step.form.toString()));
      if (answer.status < 300) await step.answered(answer.body.toString());
      else step.refused?.();
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch (error) {
      refuse(request, response, asAwsError(error, form.get("Action") ?? ""));
    }
  }

  async function answerSts(request: http.IncomingMessage, response: http.ServerResponse, body: Buffer): Promise<void> {
    const form = new URLSearchParams(body.toString());
    const { accessKeyId = "" } = signatureOf(request) ?? {};
    try {
      const answered = form.get("Action") === "AssumeRole" ? await options.assumeRole(accessKeyId, form) : undefined;
      const { status, headers, body: answer } = await ask(request, body);
      answered?.(answer.toString());
      response.writeHead(status, headers).end(answer);
    } catch (error) {
      refuse(request, response, asAwsError(error, "AssumeRole"));
    }
  }

  function asAwsError(error: unknown, action: string): AwsError {
    if (error instanceof AwsError) return error;
    options.log(`${action}: ${error instanceof Error ? error.stack : String(error)}`);
    return new AwsError("ServerException", `the sandbox failed on ${action}: ${(error as Error).message}`, 500);
  }

  /** Streams a request to moto and its answer back. The Host header stays: signatures and S3's addressing name it. */
  function passOn(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    body?: Buffer,
    answered?: Admission["answered"],
  ): void {
    const upstream = http.request(
      { ...options.moto, method: request.method, path: request.url, headers: request.headers },
      (answer) => {
        const hidden = answered?.(answer.statusCode ?? 502);
        if (hidden) {
          answer.resume();
          return refuse(request, response, hidden);
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    upstream.on("error", (error) => {
      options.log(`${request.method} ${request.url}: moto: ${error.message}`);
      if (!response.headersSent) response.writeHead(502);
      response.end();
    });
    response.on("close", () => upstream.destroy());
    if (body) return void upstream.end(body);
    request.once("data", (first: Buffer) => bodies.set(request, first));
    request.pipe(upstream);
  }

  async function ask(request: http.IncomingMessage, body: Buffer, more: http.OutgoingHttpHeaders = {}) {
    const headers = { ...request.headers, ...more, "content-length": String(body.length) };
    return new Promise<{ status: number; headers: http.OutgoingHttpHeaders; body: Buffer }>((resolve, reject) => {
      const upstream = http.request({ ...options.moto, method: "POST", path: request.url, headers }, (answer) => {
        buffer(answer).then((content) => {
          const { statusCode = 502, headers } = answer;
          // The body is whole now, however it was framed.
          const framed = { ...headers, "content-length": String(content.length) };
          delete framed["transfer-encoding"];
          resolve({ status: statusCode, headers: framed, body: content });
        }, reject);
      });
      upstream.on("error", reject).end(body);
    });
  }

  await listen(server, options.listen.host, options.listen.port);
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
}

function answerJson(request: http.IncomingMessage, response: http.ServerResponse, answer: object): void {
  request.resume();
  response.writeHead(200, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer));
}

async function readBody(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBody) throw new AwsError("RequestEntityTooLarge", "The request is too large.", 413);
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  bodies.set(request, whole);
  return whole;
}
