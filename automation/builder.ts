/** Whether this machine can build the job image. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { UserError } from "./errors";

/** Any of them names a Docker daemon or a BuildKit to the docker-build provider. */
const variables = ["DOCKER_HOST", "DOCKER_CONTEXT", "BUILDKIT_HOST", "BUILDX_BUILDER"];

export interface Machine {
  env: NodeJS.ProcessEnv;
  exists(file: string): boolean;
  /** What `docker buildx inspect` prints of the builder that would be used. Fails where there is no such program. */
  inspectBuilder(): Promise<string>;
}

const thisMachine: Machine = {
  env: process.env,
  exists: existsSync,
  // An idle builder knows its platforms once it runs; the build would start it too.
  inspectBuilder: async () =>
    (await promisify(execFile)("docker", ["buildx", "inspect", "--bootstrap"], { timeout: 60_000 })).stdout,
};

/**
 * @param platform of the image: "linux/arm64"
 * @throws UserError that names the ways to an image, where no builder is to be seen or it does not build the platform
 */
export async function requireBuilder(platform: string | undefined, machine = thisMachine): Promise<void> {
  const problem = hasBuilder(machine) ? await platformProblem(platform, machine) : noBuilder;
  if (problem !== undefined) throw new UserError(`${problem}\nNothing has been changed.`);
}

/** What is wrong with the builder that is to be seen here; undefined also where none is, or it does not tell. */
export async function platformProblem(
  platform: string | undefined,
  machine = thisMachine,
): Promise<string | undefined> {
  if (platform === undefined || isAttached(machine) || !hasBuilder(machine)) return undefined;
  const platforms = platformsIn(await machine.inspectBuilder().catch(() => ""));
  // "linux/arm64/v8" builds "linux/arm64".
  if (platforms.length === 0 || platforms.some((one) => one === platform || one.startsWith(`${platform}/`))) return;
  return wrongPlatform(platform, platforms);
}

function hasBuilder(machine: Machine): boolean {
  const { env, exists } = machine;
  const rootless = env.XDG_RUNTIME_DIR !== undefined && exists(`${env.XDG_RUNTIME_DIR}/docker.sock`);
  return isAttached(machine) || rootless || exists("/var/run/docker.sock") || variables.some((name) => env[name]);
}

/** An attached provider builds where it runs. */
const isAttached = ({ env }: Machine): boolean => /(^|,)docker-build:/.test(env.PULUMI_DEBUG_PROVIDERS ?? "");

/** Of all nodes of the builder. Buildx marks with a star what its user has set. */
function platformsIn(inspected: string): string[] {
  const lists = [...inspected.matchAll(/^Platforms:(.*)$/gm)].map(([, list]) => list!.split(","));
  return [...new Set(lists.flat().map((one) => one.trim().replace(/\*$/, "")))].filter((one) => one !== "");
}

const ways = [
  "  - name a remote one: DOCKER_HOST=tcp://… or ssh://… of a Docker daemon, or BUILDX_BUILDER of a remote BuildKit;",
  "  - or build the image elsewhere, push it, and set gitlab-fargate-runners:image.uri to it;",
];

const noBuilder = [
  "the job image has changed and has to be built, and there is no builder here (a Fargate task has no Docker " +
    "daemon). Either",
  ...ways,
  "  - or deploy this change once from a machine with Docker.",
].join("\n");

function wrongPlatform(platform: string, platforms: string[]): string {
  const [, architecture] = platform.split("/");
  return [
    `the job image has to be built for ${platform}, and the builder here builds for ${platforms.join(", ")} only. ` +
      "Either",
    `  - let it emulate the other processor: docker run --privileged --rm tonistiigi/binfmt --install ${architecture};`,
    ...ways,
    "  - or set gitlab-fargate-runners:architecture to what it builds (an existing stack's tasks change with it).",
  ].join("\n");
}
