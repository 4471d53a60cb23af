/**
 * CloudWatch's calls in CBOR, as the SDK for Go makes them (https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html):
 * moto knows the service's other protocols only, so they go to it in JSON.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { cbor, tag } from "@smithy/core/cbor";
import type { Address } from "./server";

const service = "GraniteServiceVersion20100801";
const path = new RegExp(`^/service/${service}/operation/([A-Za-z]+)$`);

/** The action that a request names, if it is one of these. */
export const cborAction = (url: string): string | undefined => path.exec(url)?.[1];

/** Answers a request by moto's answer to the same in JSON. */
export async function answerCbor(
  action: string,
  request: Pick<IncomingMessage, "headers">,
  body: Buffer,
  response: ServerResponse,
  moto: Address,
): Promise<void> {
  const answer = await fetch(`http://${moto.host}:${moto.port}/`, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `${service}.${action}`,
      authorization: request.headers.authorization ?? "",
    },
    body: toJson(body),
  });
  const text = await answer.text();
  // The code of an error in the older protocol, which clients go by.
  const queryError = answer.headers.get("x-amzn-query-error");
  response
    .writeHead(answer.status, {
      "content-type": "application/cbor",
      "smithy-protocol": "rpc-v2-cbor",
      ...(queryError === null ? {} : { "x-amzn-query-error": queryError }),
    })
    .end(fromJson(text));
}

/** The reverse: clients refuse a time without its tag, and a number as a text. */
export const fromJson = (text: string): Uint8Array =>
  cbor.serialize(
    text === ""
      ? {}
      : JSON.parse(text, (name, value: unknown) => {
          if (/(Timestamp|LastModified)$/.test(name)) return tag({ tag: 1, value: seconds(value) });
          return /^(EvaluationPeriods|Period|Size)$/.test(name) ? Number(value) : value;
        }),
  ) as Uint8Array;

const seconds = (time: unknown) => (typeof time === "number" ? time : Date.parse(String(time)) / 1000);

/** Tags stand for times only, and JSON writes those as seconds, too. */
export const toJson = (body: Buffer): string =>
  JSON.stringify(body.length === 0 ? {} : cbor.deserialize(body), (_, value) => (isTime(value) ? value.value : value));

const isTime = (value: unknown): value is { value: number } =>
  typeof value === "object" && value !== null && "tag" in value && value.tag === 1 && "value" in value;
