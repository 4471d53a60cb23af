/** The schema of `network.httpProxy`: what hosts and jobs go through to reach the internet. */
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { distinct, strict } from "./values";

export interface HttpProxy {
  /** With its port, without a slash at its end. */
  url: string;
  /** Hosts, domains that begin with a dot, addresses and networks that are reached without it. */
  noProxy: readonly string[];
}

/** Undefined where all programs that read the variables agree on what is meant. Never repeats credentials. */
function whyNoProxy(text: string): string | undefined {
  if (text.includes("@")) return "holds credentials, which every job could read; a proxy has to know the VPC instead";
  const [, scheme, host, port] = /^(\w+):\/\/([\w.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d+))?\/?$/.exec(text) ?? [];
  if (!/^https?$/.test(scheme ?? "") || !URL.canParse(text)) {
    return "not the address of an HTTP proxy, like http://proxy.example.com:3128";
  }
  if (port === undefined) return `names no port, and programs take different ones; write ${scheme}://${host}:3128`;
  if (/^(localhost|127(\.\d+){3}|\[::1\])$/i.test(host)) {
    return "is each machine's own loopback address, and no job has a proxy there";
  }
  return undefined;
}

/** What curl and Go's programs both understand. */
function whyNoException(text: string): string | undefined {
  // A zone (%eth0) is one machine's own.
  if (!text.includes("%") && (ipaddr.isValid(text) || ipaddr.isValidCIDR(text))) return undefined;
  if (text.startsWith("*.")) return `not every program knows the *; write ${text.slice(1)}`;
  return /^\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(text)
    ? undefined
    : "not a host, a domain like .example.com, an address or a network; without port";
}

const checked = (text: z.ZodString, why: (text: string) => string | undefined) =>
  text.superRefine((value, context) => {
    const message = why(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });

export const httpProxy = strict({
  url: checked(z.string(), whyNoProxy)
    .transform((url) => url.replace(/\/$/, ""))
    .meta({
      description: "Its address with its port, without credentials.",
      type: "string",
      example: "http://proxy.example.com:3128",
    }),
  noProxy: distinct(checked(z.string(), whyNoException))
    .default([])
    .meta({
      description:
        "What is reached without it: hosts, domains that begin with a dot, addresses, networks. Loopback and AWS's " +
        "metadata addresses always are.",
      type: "list of string",
      example: [".example.com", "10.0.0.0/8"],
    }),
}).optional();
