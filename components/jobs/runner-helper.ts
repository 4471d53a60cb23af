/**
 * The gitlab-runner in the job image: scripts that a host's runner writes call it for cache and artifacts, with options
 * that only a program of the runner's own version knows for certain.
 */
import { goArch } from "../go-arch";
import type { Architecture } from "../types";

interface Release {
  readonly version: string;
  /** Address of the mirror, without a slash at its end. */
  readonly baseUrl: string;
  /** Of gitlab-runner for the hosts. */
  readonly sha256: string;
  /** Of gitlab-runner-helper for the tasks. */
  readonly helperSha256?: string;
}

/** A release's runner for Linux, as a path below the release's address. */
export const runnerFile = (architecture: Architecture): string =>
  `binaries/gitlab-runner-linux-${goArch(architecture)}`;

/** The same of the smaller program that has the jobs' commands alone. */
export const helperFile = (architecture: Architecture): string =>
  `binaries/gitlab-runner-helper/gitlab-runner-helper.${architecture}`;

/**
 * The Dockerfile's arguments: the helper where its checksum is known, and else the hosts' own runner, which has the same
 * commands and whose checksum is there in any case. That one takes hosts and tasks of the same architecture.
 */
export function helperBuildArgs(release: Release, architecture: Architecture): Record<string, string> {
  const { version, baseUrl, sha256, helperSha256 } = release;
  const file = helperSha256 === undefined ? runnerFile(architecture) : helperFile(architecture);
  return {
    GITLAB_RUNNER_VERSION: version,
    GITLAB_RUNNER_URL: `${baseUrl}/v${version}/${file}`,
    GITLAB_RUNNER_SHA256: helperSha256 ?? sha256,
  };
}
