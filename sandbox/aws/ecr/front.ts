/**
 * ECR's side of the registry: who may talk to it, which repositories there are, and which tags may move. What is
 * allowed goes on to the store.
 */
import * as http from "node:http";
import * as https from "node:https";
import { accountId } from "../../config";
import type { Authorizer } from "../iam/authorizer";
import { closeServer, listen, type Address } from "../server";
import type { RegistryPasswords } from "./passwords";
import { permissionOf } from "./permissions";

export interface RegistryFrontOptions {
  passwords: Pick<RegistryPasswords, "check" | "owner">;
  authorizer: Pick<Authorizer, "denial">;
  /** Whether tags of the repository may move; undefined where there is no such repository. */
  mutability(repository: string): Promise<"MUTABLE" | "IMMUTABLE" | undefined>;
  /** Where the images are. */
  store: { host: string; port: number };
  log(line: string): void;
}

interface Refusal {
  status: number;
  code: string;
  message: string;
}

const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** @param tls without it, the registry is one of plain HTTP */
export async function startRegistryFront(
  options: RegistryFrontOptions,
  { host, port }: Address,
  tls?: { key: string; cert: string },
) {
  const handle: http.RequestListener = (request, response) => {
    refusalOf(request, options).then(
      (refusal) => (refusal ? refuse(request, response, refusal) : passOn(request, response, options)),
      (error: Error) => {
        options.log(`${request.method} ${request.url}: ${error.stack}`);
        refuse(request, response, { status: 500, code: "UNKNOWN", message: error.message });
      },
    );
  };
  const server = tls ? https.createServer(tls, handle) : http.createServer(handle);
  // Layers take the time that they take.
  server.requestTimeout = 0;
  await listen(server, host, port);
  return { close: () => closeServer(server) };
}

/** All that is asked of a repository. What is not in it is refused: nobody knows which right it needs. */
const ofRepository = /^\/v2\/([^?]+)\/(manifests(?=\/)|blobs(?=\/)|tags(?=\/list(?:\?|$)))\/([^?]*)/;

async function refusalOf(request: http.IncomingMessage, options: RegistryFrontOptions): Promise<Refusal | undefined> {
  const { method = "GET", url = "/", headers } = request;
  const known = options.passwords.check(headers.authorization);
  if (known === "missing") return { status: 401, code: "UNAUTHORIZED", message: "Not Authorized" };
  if (known === "expired") {
    return {
      status: 403,
      code: "DENIED",
      message: "Your authorization token has expired. Reauthenticate and try again.",
    };
  }
  if (/^\/v2\/?$/.test(url)) return undefined;
  const [, repository, kind, reference] = ofRepository.exec(url) ?? [];
  if (repository === undefined) {
    const message = `The sandbox's registry does not know ${method} ${url}`;
    return { status: 404, code: "UNSUPPORTED", message };
  }
  const owner = options.passwords.owner(headers.authorization);
  const denied = owner && (await options.authorizer.denial(owner, permissionOf(method, kind!, repository)));
  if (denied !== undefined) return { status: 403, code: "DENIED", message: denied };
  const mutability = await options.mutability(repository);
  if (mutability === undefined) {
    const message = `The repository with name '${repository}' does not exist in the registry with id '${accountId}'`;
    return { status: 404, code: "NAME_UNKNOWN", message };
  }
  const moves = method === "PUT" && kind === "manifests" && !reference!.startsWith("sha256:");
  if (!moves || mutability === "MUTABLE" || !(await exists(options, url))) return undefined;
  const message =
    `The image tag '${reference}' already exists in the '${repository}' repository and cannot be overwritten because ` +
    "the tag is immutable.";
  return { status: 400, code: "TAG_INVALID", message };
}

const noImage: Refusal = { status: 404, code: "MANIFEST_UNKNOWN", message: "Requested image not found" };

async function exists({ store }: RegistryFrontOptions, url: string): Promise<boolean> {
  const answer = await fetch(`http://${store.host}:${store.port}${url}`, {
    method: "HEAD",
    headers: { accept: manifestTypes.join(", ") },
  });
  return answer.ok;
}

function refuse(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { status, code, message }: Refusal,
): void {
  request.resume();
  const challenge = { "www-authenticate": `Basic realm="ecr",service="ecr.amazonaws.com"` };
  response.writeHead(status, { "content-type": "application/json", ...(status === 401 && challenge) });
  response.end(request.method === "HEAD" ? undefined : JSON.stringify({ errors: [{ code, message }] }));
}

/** The Host header stays: the store makes the addresses of uploads from it. */
function passOn(request: http.IncomingMessage, response: http.ServerResponse, options: RegistryFrontOptions): void {
  const { authorization: _, ...headers } = request.headers;
  const upstream = http.request({ ...options.store, method: request.method, path: request.url, headers }, (answer) => {
    if (answer.statusCode === 404 && request.url?.includes("/manifests/")) {
      answer.resume();
      return refuse(request, response, noImage);
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  upstream.on("error", (error) => {
    options.log(`${request.method} ${request.url}: ${error.message}`);
    if (!response.headersSent) response.writeHead(502);
    response.end();
  });
  response.on("close", () => upstream.destroy());
  request.pipe(upstream);
}
