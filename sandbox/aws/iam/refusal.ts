/** Refusals in the form of the service that was asked. */
import type { IncomingMessage } from "node:http";
import { cbor } from "@smithy/core/cbor";
import { ec2ErrorBody, xml, type AwsError } from "../protocol";
import { AccessDenied } from "./authorizer";
import { signatureOf, wireOf } from "./caller";

export interface Refusal {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

export function refusal(request: Pick<IncomingMessage, "url" | "headers">, error: AwsError): Refusal {
  const service = signatureOf(request)?.service ?? "s3";
  const wire = wireOf(request, service);
  if (wire === "json") {
    return {
      status: error.status,
      headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-errortype": error.code },
      body: JSON.stringify({ __type: error.code, message: error.message }),
    };
  }
  if (wire === "cbor") {
    return {
      status: error.status,
      headers: { "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor" },
      body: cbor.serialize({ __type: error.code, message: error.message }),
    };
  }
  const denied = error instanceof AccessDenied;
  const code = !denied ? error.code : service === "ec2" ? "UnauthorizedOperation" : "AccessDenied";
  const status = denied ? 403 : error.status;
  const headers = { "content-type": "text/xml" };
  const inner = `<Code>${xml(code)}</Code><Message>${xml(error.message)}</Message>`;
  if (wire === "s3")
    return { status, headers, body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner}</Error>` };
  if (service === "ec2") return { status, headers, body: ec2ErrorBody({ code, message: error.message }) };
  const body = `<ErrorResponse><Error><Type>Sender</Type>${inner}</Error><RequestId>sandbox</RequestId></ErrorResponse>`;
  return { status, headers, body };
}
