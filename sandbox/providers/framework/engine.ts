/** The way back to the engine that a provider was attached to: messages for the user. */
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { ResourceLog } from "./definition";

export interface Engine {
  logFor(urn: string): ResourceLog;
  close(): void;
}

export function connectEngine(address: string): Engine {
  const client = new EngineClient(address, grpc.credentials.createInsecure());
  // One after the other: the engine shows messages as they come in.
  let sent: Promise<void> = Promise.resolve();
  const send = (urn: string, severity: LogSeverity, message: string, ephemeral: boolean) => {
    const request = new LogRequest();
    request.setUrn(urn);
    request.setSeverity(severity);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    // A lost message is no reason to fail the deployment.
    sent = sent.then(() => new Promise((resolve) => client.log(request, () => resolve())));
  };
  return {
    logFor: (urn) => ({
      info: (message) => send(urn, LogSeverity.INFO, message, false),
      warn: (message) => send(urn, LogSeverity.WARNING, message, false),
      status: (message) => send(urn, LogSeverity.INFO, message, true),
    }),
    close: () => void sent.then(() => client.close()),
  };
}

/** For calls that come before any engine has introduced itself. */
export const silentLog: ResourceLog = { info: () => {}, warn: () => {}, status: () => {} };
