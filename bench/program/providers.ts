/** Providers that do nothing, at once: what is measured is the engine and the program, not what they deploy to. */
import { startAwsx } from "../../sandbox/providers/awsx";
import type { Package, Resource } from "../../sandbox/providers/framework/definition";
import { serveProvider } from "../../sandbox/providers/framework/server";
import type { Props } from "../../sandbox/providers/framework/values";
import { answers, stateOf } from "../../test/program/support/aws";

export interface InstantProviders {
  /** The value of PULUMI_DEBUG_PROVIDERS. */
  debugProviders: string;
  close(): Promise<void>;
}

/** @param names of packages, beside awsx; those that the benchmarks' stacks have, where none are given */
export async function startInstantProviders(
  names = ["aws", "command", "docker-build", "gitlab", "noop"],
): Promise<InstantProviders> {
  const resource = (type: string): Resource => ({
    replaceOn: ["triggers"],
    async create(inputs, { name }) {
      return { id: `${name}-id`, outputs: { ...(stateOf(type, name, inputs) as Props), ...ofAwsx[type] } };
    },
    update: async (_id, state, inputs) => ({ ...state, ...inputs }),
    delete: async () => {},
  });
  const invoke = (token: string) => async (args: Props) => ofAwsx[token] ?? (answers(token, args, {}) as Props);
  const instant = (name: string): Package => ({
    name,
    // Newer than any that an SDK asks for.
    version: "999.0.0",
    resources: anyOf(resource),
    functions: anyOf(invoke),
  });
  let closing = false;
  const failed = (line: string) => (closing ? undefined : console.error(line));
  const servers = await Promise.all([startAwsx(failed), ...names.map((name) => serveProvider(instant(name), failed))]);
  return {
    debugProviders: ["awsx", ...names].map((name, index) => `${name}:${servers[index].port}`).join(","),
    async close() {
      closing = true;
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

const digest = `sha256:${"e".repeat(64)}`;

/** Of the children of awsx's components, and what these look up. */
const ofAwsx: Record<string, Props> = {
  "aws:ecr/repository:Repository": {
    repositoryUrl: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/jobs",
    name: "jobs",
  },
  "docker-build:index:Image": { digest, ref: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/jobs:image@${digest}` },
  "aws:ecr/getAuthorizationToken:getAuthorizationToken": {
    proxyEndpoint: "https://ecr",
    userName: "AWS",
    password: "x",
  },
};

/** A table that has an entry of every name. */
const anyOf = <T>(make: (name: string) => T): Record<string, T> =>
  new Proxy<Record<string, T>>({}, { get: (_table, name) => make(String(name)) });
