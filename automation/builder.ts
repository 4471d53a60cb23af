/** Whether this machine can build the job image. */
import { existsSync } from "node:fs";
import { UserError } from "./errors";

/** Any of them names a Docker daemon or a BuildKit to the docker-build provider. */
const variables = ["DOCKER_HOST", "DOCKER_CONTEXT", "BUILDKIT_HOST", "BUILDX_BUILDER"];

export interface Machine {
  env: NodeJS.ProcessEnv;
  exists(file: string): boolean;
}

const thisMachine: Machine = { env: process.env, exists: existsSync };

/** @throws UserError that names the ways to an image, where there is no builder to be seen */
export function requireBuilder({ env, exists }: Machine = thisMachine): void {
  // An attached provider builds where it runs.
  const attached = /(^|,)docker-build:/.test(env.PULUMI_DEBUG_PROVIDERS ?? "");
  const rootless = env.XDG_RUNTIME_DIR && exists(`${env.XDG_RUNTIME_DIR}/docker.sock`);
  if (attached || rootless || exists("/var/run/docker.sock") || variables.some((name) => env[name])) return;
  throw new UserError(
    [
      "the job image has changed and has to be built, and there is no builder here (a Fargate task has no Docker daemon). Either",
      "  - name a remote one: DOCKER_HOST=tcp://… or ssh://… of a Docker daemon, or BUILDX_BUILDER of a remote BuildKit;",
      "  - or build the image elsewhere, push it, and set gitlab-fargate-runners:image.uri to it;",
      "  - or deploy this change once from a machine with Docker.",
      "Nothing has been changed.",
    ].join("\n"),
  );
}
