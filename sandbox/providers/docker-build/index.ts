/**
 * A stand-in for the `docker-build` provider (0.0.14): images built by buildah in the place of BuildKit.
 *
 * Differs from the real one: the base image is a local one, nothing is pulled; images of ECR's host names go to a local
 * registry; nothing is built on preview; one platform, the machine's own. Refused or, where they change nothing in the
 * result, ignored are: caches, secrets, ssh, named and remote contexts, inline Dockerfiles, exports other than one to a
 * registry, and forceCompression, which leaves layers alone that the registry has already. Dockerfiles are checked for
 * being there and for a FROM, not for their syntax.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { CheckFailure, Context, Package, Resource } from "../framework/definition";
import { ANY, hasUnknown, isObject, type Props } from "../framework/values";
import type { Builder } from "./buildah";
import type { Credentials } from "./registry";
import { hashContext } from "./context-hash";

export function dockerBuildPackage(options: { workDir: string; builder: Builder }): Package {
  return {
    name: "docker-build",
    version: "0.0.14",
    resources: { "docker-build:index:Image": image(options) },
    functions: {},
  };
}

const compared = [
  ...["addHosts", "buildArgs", "buildOnPreview", "builder", "cacheFrom", "cacheTo", "dockerfile", "exports", "labels"],
  ...["load", "network", "noCache", "platforms", "pull", "push", "secrets", "ssh", "tags", "target"],
];

const locationOf = ({ context }: Props) => (isObject(context) ? context.location : undefined);

/** What the stand-in cannot do, and what would make a different image. */
const refused = ["secrets", "ssh", "load", "addHosts"] as const;

interface RegistryExport {
  push?: boolean;
  compression?: "gzip" | "zstd";
  forceCompression?: boolean;
  ociMediaTypes?: boolean;
}

/** The export to a registry, as `push` and `exports` have it. */
function registryExport({ push, exports = [] }: Props): RegistryExport | undefined {
  if (push === true) return {};
  const [first] = exports as { registry?: RegistryExport }[];
  return first?.registry && first.registry.push !== false ? first.registry : undefined;
}

function credentialsOf({ registries = [] }: Props): Credentials | undefined {
  const [first] = registries as { username?: string; password?: string }[];
  return first && { username: first.username ?? "", password: first.password ?? "" };
}

function image({ workDir, builder }: { workDir: string; builder: Builder }): Resource {
  const places = (inputs: Props) => {
    const { location = "." } = (inputs.context ?? {}) as { location?: string };
    const { location: dockerfile } = (inputs.dockerfile ?? {}) as { location?: string };
    const context = path.resolve(workDir, location);
    return { context, dockerfile: dockerfile ? path.resolve(workDir, dockerfile) : path.join(context, "Dockerfile") };
  };

  const build = async (inputs: Props, context: Context) => {
    const { context: folder, dockerfile } = places(inputs);
    const contextHash = await hashContext(folder, dockerfile);
    const tags = (inputs.tags ?? []) as string[];
    const digest = await builder.build({
      context: folder,
      dockerfile,
      buildArgs: (inputs.buildArgs ?? {}) as Record<string, string>,
      labels: (inputs.labels ?? {}) as Record<string, string>,
      platform: (inputs.platforms as string[] | undefined)?.[0],
      target: inputs.target as string | undefined,
      tags,
      push: registryExport(inputs) !== undefined,
      compression: registryExport(inputs)?.compression ?? "gzip",
      credentials: credentialsOf(inputs),
      onOutput: (line) => context.log.status(line),
      signal: context.signal,
    });
    const ref = tags[0] && digest ? `${tags[0]}@${digest}` : (tags[0] ?? "");
    return { ...inputs, contextHash, digest: digest ?? "", ref };
  };

  return {
    // 0.0.14 compares with the state, property by property, and replaces for none.
    ignoreInDiff: [...compared, "context", "registries"],
    secretInputs: [["registries", ANY, "password"], "secrets"],
    changedByUpdate: ["contextHash", "digest", "ref"],
    check(inputs) {
      const completed = { buildOnPreview: true, network: "default", ...inputs, ...withDockerfile(inputs) };
      return { inputs: completed, failures: [...refusals(inputs), ...checkPlaces(inputs, places(completed))] };
    },
    async diff(state, inputs) {
      if (hasUnknown(inputs.context) || hasUnknown(inputs.dockerfile)) return [];
      const { context, dockerfile } = places(inputs);
      const olds = (state.registries ?? []) as { address?: string; username?: string }[];
      const news = (inputs.registries ?? []) as { address?: string; username?: string }[];
      const sameRegistries =
        olds.length === news.length &&
        olds.every((old, index) => old.address === news[index].address && old.username === news[index].username);
      const always = inputs.pull === true && (registryExport(inputs) !== undefined || inputs.load === true);
      return [
        ...compared.filter((name) => !isDeepStrictEqual(state[name], inputs[name])),
        ...(isDeepStrictEqual(locationOf(state), locationOf(inputs)) ? [] : ["context.location"]),
        ...(!always && (await hashContext(context, dockerfile)) === state.contextHash ? [] : ["contextHash"]),
        ...(sameRegistries || hasUnknown(inputs.registries) ? [] : ["registries"]),
      ];
    },
    async create(inputs, context) {
      const outputs = await build(inputs, context);
      return { id: outputs.digest || context.name, outputs };
    },
    // With the password of the last deployment. 0.0.14 takes any refusal for an image that is gone.
    async read(_id, state, context, inputs = {}) {
      const tags = (state.tags ?? []) as string[];
      if (registryExport(state) === undefined || tags.length === 0) return state;
      const kept: string[] = [];
      for (const tag of tags) {
        try {
          await builder.inspect(tag, state.digest as string, credentialsOf(inputs));
          kept.push(tag);
        } catch (error) {
          context.log.warn((error as Error).message);
        }
      }
      return kept.length > 0 ? { ...state, tags: kept } : undefined;
    },
    update: (_id, _state, inputs, context) => build(inputs, context),
    // By the digest, with every tag that it has, and whatever else uses it. 0.0.14 takes a refusal for success.
    async delete(_id, state) {
      const repositories = new Set(((state.tags ?? []) as string[]).map((tag) => tag.replace(/:[^:/]*$/, "")));
      if (!state.digest) return;
      for (const repository of repositories) {
        await builder.remove(repository, state.digest as string, credentialsOf(state)).catch(() => {});
      }
    },
  };
}

function withDockerfile(inputs: Props): Props {
  const { location = "." } = (inputs.context ?? {}) as { location?: string };
  const given = isObject(inputs.dockerfile) ? inputs.dockerfile : {};
  if (given.location !== undefined || given.inline !== undefined || hasUnknown(inputs.context)) return {};
  return { dockerfile: { ...given, location: path.posix.join(location, "Dockerfile") } };
}

function refusals(inputs: Props): CheckFailure[] {
  const failures: CheckFailure[] = refused
    .filter((name) => inputs[name] !== undefined && inputs[name] !== false)
    .map((property) => ({ property, reason: "not known to the stand-in for docker-build" }));
  const platforms = inputs.platforms;
  if (Array.isArray(platforms) && platforms.length > 1) {
    failures.push({ property: "platforms", reason: "the stand-in for docker-build builds for one platform at a time" });
  }
  const exports = (inputs.exports ?? []) as Props[];
  if (exports.length > 1 || exports.some((one) => !isObject(one.registry))) {
    failures.push({ property: "exports", reason: "the stand-in for docker-build knows one export, to a registry" });
  }
  if (exports.length > 0 && inputs.push === true) {
    failures.push({ property: "exports", reason: "multiple exports require a v0.13 buildkit daemon or newer" });
  }
  if (isObject(inputs.dockerfile) && inputs.dockerfile.inline !== undefined) {
    failures.push({ property: "dockerfile.inline", reason: "not known to the stand-in for docker-build" });
  }
  return failures;
}

function checkPlaces(inputs: Props, { context, dockerfile }: { context: string; dockerfile: string }): CheckFailure[] {
  if (hasUnknown(inputs.context) || hasUnknown(inputs.dockerfile)) return [];
  if (!existsSync(context) || !statSync(context).isDirectory()) {
    return [{ property: "context.location", reason: `"${context}": not a valid directory` }];
  }
  if (!existsSync(dockerfile)) return [{ property: "dockerfile.location", reason: `"${dockerfile}": no such file` }];
  const hasBase = /^\s*FROM\s+\S/im.test(readFileSync(dockerfile, "utf8"));
  return hasBase ? [] : [{ property: "dockerfile.location", reason: "file with no instructions: FROM is missing" }];
}
