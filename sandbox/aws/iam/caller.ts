/** Who calls what, as a request's signature and protocol say. */
import type { IncomingMessage } from "node:http";
import { cborAction, toJson } from "../cloudwatch-cbor";

export interface Signature {
  accessKeyId: string;
  /** In the scope of the signature: "ecs", "s3", "monitoring". */
  service: string;
}

type Head = Pick<IncomingMessage, "url" | "headers">;

/** The signature of a request (header or presigned URL); undefined where it has none. The sandbox does not verify it. */
export function signatureOf({ url = "/", headers }: Head): Signature | undefined {
  const credential =
    /Credential=([^,\s]+)/.exec(headers.authorization ?? "")?.[1] ??
    new URLSearchParams(url.split("?", 2)[1]).get("X-Amz-Credential");
  const [accessKeyId, , , service] = credential?.split("/") ?? [];
  return accessKeyId && service ? { accessKeyId, service } : undefined;
}

/** How a service is talked to: JSON with a target header, CBOR, forms, or S3's own way. */
export type Wire = "json" | "cbor" | "query" | "s3";

export function wireOf({ url = "/", headers }: Head, service: string): Wire {
  if (cborAction(url) !== undefined) return "cbor";
  if (headers["x-amz-target"] !== undefined) return "json";
  return service === "s3" ? "s3" : "query";
}

export interface Operation {
  /** "RunTask"; empty where the request does not name one in a way that the sandbox reads. */
  name: string;
  parameters: Record<string, unknown>;
}

/** What a request that is not S3's asks for. */
export function operationOf(head: Head, body: Buffer): Operation {
  const inCbor = cborAction(head.url ?? "/");
  if (inCbor !== undefined) {
    return { name: inCbor, parameters: JSON.parse(toJson(body)) as Record<string, unknown> };
  }
  const target = head.headers["x-amz-target"];
  if (typeof target === "string") {
    const parameters = JSON.parse(body.toString() || "{}") as Record<string, unknown>;
    return { name: target.slice(target.lastIndexOf(".") + 1), parameters };
  }
  const parameters = Object.fromEntries(new URLSearchParams(body.toString()));
  return { name: parameters.Action ?? "", parameters };
}
