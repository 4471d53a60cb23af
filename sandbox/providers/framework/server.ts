/** Serves one package of resource definitions to the engine, as a resource provider's plugin would. */
import * as grpc from "@grpc/grpc-js";
import { PluginInfo, type PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Package } from "./definition";
import { diffProperties, formatPath } from "./diff";
import { serviceError } from "./errors";
import { diffResponse, resourceService, toFailure, toProps, toStruct } from "./service";
import { Sessions, type Session } from "./sessions";
import { unwrapSecrets, type Props, type Value } from "./values";

export interface ProviderServer {
  port: number;
  close(): Promise<void>;
}

type Handler<Request, Response> = (request: Request, session: Session) => Promise<Response> | Response;

/** Listens on a free port of 127.0.0.1. `log` gets one line per failed call. */
export async function serveProvider(definition: Package, log: (line: string) => void): Promise<ProviderServer> {
  const sessions = new Sessions();
  const serve =
    <Request, Response>(name: string, handle: Handler<Request, Response>) =>
    async (call: grpc.ServerUnaryCall<Request, Response>, callback: grpc.sendUnaryData<Response>) => {
      try {
        // An engine's first call of each connection.
        const session = name === "handshake" ? sessions.start(call.getPeer()) : sessions.of(call.getPeer());
        callback(null, await handle(call.request, session));
      } catch (error) {
        const failure = serviceError(error);
        // Only the first line: what follows may be a command's output.
        log(`${definition.name}: ${name} failed: ${failure.details?.split("\n", 1)[0]}`);
        callback(failure);
      }
    };
  const handlers = { ...providerService(definition), ...resourceService(definition) };
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(
    ResourceProviderService as unknown as grpc.ServiceDefinition,
    Object.fromEntries(
      Object.entries(handlers).map(([name, handle]) => [name, serve(name, handle as Handler<unknown, unknown>)]),
    ) as unknown as grpc.UntypedServiceImplementation,
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    async close() {
      sessions.close();
      server.forceShutdown();
    },
  };
}

/** The calls that concern the provider as a whole. */
function providerService(definition: Package) {
  return {
    handshake(request: proto.ProviderHandshakeRequest, session: Session) {
      if (request.getEngineAddress()) session.attach(request.getEngineAddress());
      const response = new proto.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      return response;
    },

    attach(request: PluginAttach, session: Session) {
      session.attach(request.getAddress());
      return new Empty();
    },

    getPluginInfo() {
      const info = new PluginInfo();
      info.setVersion(definition.version);
      return info;
    },

    /** Names the package only: programs bring the types with their SDKs. */
    getSchema() {
      const response = new proto.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: definition.name, version: definition.version }));
      return response;
    },

    checkConfig(request: proto.CheckRequest) {
      const response = new proto.CheckResponse();
      response.setInputs(request.getNews());
      const failures = definition.checkConfig?.(parseConfig(toProps(request.getNews()))) ?? [];
      response.setFailuresList(failures.map(toFailure));
      return response;
    },

    diffConfig(request: proto.DiffRequest) {
      const olds = toProps(request.getOldInputs() ?? request.getOlds());
      const changes = diffProperties(unwrapSecrets(olds).plain, unwrapSecrets(toProps(request.getNews())).plain);
      return diffResponse({
        changes: changes.map(({ path, kind }) => ({ path: formatPath(path), kind, replace: false, input: true })),
        properties: [...new Set(changes.map(({ path }) => String(path[0])))],
        deleteBeforeReplace: false,
      });
    },

    async configure(request: proto.ConfigureRequest, session: Session) {
      session.config = parseConfig(toProps(request.getArgs()));
      await definition.configure?.(session);
      const response = new proto.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    },

    async invoke(request: proto.InvokeRequest, session: Session) {
      const run = definition.functions[request.getTok()];
      if (!run) throw new Error(`the stand-in for package ${definition.name} has no function ${request.getTok()}`);
      const context = { config: session.config, log: session.logFor(""), signal: session.signal };
      const response = new proto.InvokeResponse();
      response.setReturn(toStruct(await run(unwrapSecrets(toProps(request.getArgs())).plain, context)));
      return response;
    },

    cancel(_request: Empty, session: Session) {
      session.cancel("the deployment was cancelled");
      return new Empty();
    },
  };
}

/** Provider configuration holds strings only; whatever has a structure comes as JSON in them. */
function parseConfig(args: Props): Props {
  const parse = (value: Value): Value => {
    if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
    try {
      return JSON.parse(value) as Value;
    } catch {
      return value;
    }
  };
  const plain = unwrapSecrets(args).plain;
  return unwrapSecrets(Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, parse(value)]))).plain;
}
