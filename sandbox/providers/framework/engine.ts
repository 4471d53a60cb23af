/** The way back to the engine that a provider was attached to: messages for the user. */
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { ResourceLog } from "./definition";

export interface Engine {
  /** Once it has answered. */
  attached: Promise<void>;
  logFor(urn: string): ResourceLog;
  close(): void;
}

/** @param onGone called when the engine's process has ended */
export function connectEngine(address: string, onGone: () => void): Engine {
  const client = new EngineClient(address, grpc.credentials.createInsecure(), {
    // An engine of which nothing is heard for half an hour is still there.
    "grpc.client_idle_timeout_ms": 2 ** 31 - 1,
  });
  let closed = false;
  const attached = new Promise<void>((resolve) => client.waitForReady(Infinity, () => resolve()));
  const watch = (before?: grpc.connectivityState) => {
    const state = client.getChannel().getConnectivityState(true);
    if (before === grpc.connectivityState.READY && state !== before) return onGone();
    client.getChannel().watchConnectivityState(state, Infinity, () => closed || watch(state));
  };
  watch();
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
    attached,
    logFor: (urn) => ({
      info: (message) => send(urn, LogSeverity.INFO, message, false),
      warn: (message) => send(urn, LogSeverity.WARNING, message, false),
      status: (message) => send(urn, LogSeverity.INFO, message, true),
    }),
    close: () => {
      closed = true;
      void sent.then(() => client.close());
    },
  };
}

/** For calls that come before any engine has introduced itself. */
export const silentLog: ResourceLog = { info: () => {}, warn: () => {}, status: () => {} };
