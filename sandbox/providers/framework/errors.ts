/** Errors in the form that the engine understands. */
import * as grpc from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Props } from "./values";

/** The message with those of its causes, and the AWS SDK's error name, which says more than many of its messages. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A refused connection to several addresses has its messages inside.
  const inner = error instanceof AggregateError && !error.message ? error.errors.map(describe).join("; ") : "";
  const known = ["Error", "TypeError", "AggregateError", "PartialFailure", "InitializationFailure"].includes(
    error.name,
  );
  const text = `${known ? "" : `${error.name}: `}${error.message || inner || error.name}`;
  return error.cause ? `${text}: ${describe(error.cause)}` : text;
}

/** The resource exists with this state but failed to become what it should: kept, and repaired by the next update. */
export class InitializationFailure extends Error {
  constructor(
    message: string,
    readonly id: string,
    readonly outputs: Props,
    readonly inputs: Props,
  ) {
    super(message);
  }
}

/** An error whose message the engine shows as it is. */
export function serviceError(error: unknown): Partial<grpc.ServiceError> {
  const failure = { code: grpc.status.UNKNOWN, details: describe(error) };
  return error instanceof InitializationFailure ? { ...failure, metadata: initializationDetails(error) } : failure;
}

/** gRPC carries structured errors in a header of this fixed name. */
function initializationDetails(error: InitializationFailure): grpc.Metadata {
  const detail = new ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(Struct.fromJavaScript(error.outputs));
  detail.setInputs(Struct.fromJavaScript(error.inputs));
  detail.setReasonsList([error.message]);
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(error.message);
  status.addDetails(any);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return metadata;
}
