/**
 * Stand-ins for the resource providers of the SDKs that the program uses, attached to the engine in the place of plugins
 * that it would download. Each package's own file says where it differs from the real one.
 */
import { projectDir, registryAddress } from "../config";
import { awsPackage } from "./aws";
import { startAwsx } from "./awsx";
import { commandPackage } from "./command";
import { dockerBuildPackage } from "./docker-build";
import { createBuilder, type BuilderOptions } from "./docker-build/buildah";
import { serveProvider, type ProviderServer } from "./framework/server";
import { gitlabPackage } from "./gitlab";

export interface ProvidersOptions {
  awsEndpoint: string;
  build: Omit<BuilderOptions, "registry">;
  /**
   * The folder that the engine is started in, which relative paths in resources start from. Default: the project's.
   * An attached provider is not told.
   */
  workDir?: string;
  /** Leaves the stand-in for aws out: the engine has the real provider as a plugin. */
  realAws?: boolean;
  log(line: string): void;
}

export interface Providers {
  /** The value of PULUMI_DEBUG_PROVIDERS for the engine: `package:port` pairs. */
  debugProviders: string;
  close(): Promise<void>;
}

/** Throws when one of them does not start; the others are closed again. */
export async function startProviders(options: ProvidersOptions): Promise<Providers> {
  const { awsEndpoint, build, log, workDir = projectDir, realAws = false } = options;
  const packages = [
    ...(realAws ? [] : [awsPackage({ endpoint: awsEndpoint })]),
    commandPackage({ workDir }),
    dockerBuildPackage({ workDir, builder: createBuilder({ ...build, registry: registryAddress }) }),
    gitlabPackage(),
  ];
  const starting: Record<string, Promise<ProviderServer>> = {
    awsx: startAwsx(log),
    ...Object.fromEntries(packages.map((definition) => [definition.name, serveProvider(definition, log)])),
  };
  const results = await Promise.allSettled(Object.values(starting));
  const servers = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const close = async () => {
    await Promise.all(servers.map((server) => server.close()));
  };
  const failure = results.find((result) => result.status === "rejected");
  if (failure) {
    await close();
    throw failure.reason;
  }
  const names = Object.keys(starting);
  return { debugProviders: servers.map(({ port }, index) => `${names[index]}:${port}`).join(","), close };
}
