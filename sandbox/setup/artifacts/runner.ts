/** gitlab-runner and gitlab-runner-helper as static binaries: the one is for the host, the other for the job image. */
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { goBuild } from "../go";
import { filesUnder, recipe } from "../recipes";
import { versions } from "../versions";

const module = recipe("gitlab-runner");

export const runnerFile = "gitlab-runner";
export const helperFile = "gitlab-runner-helper";

const common = "gitlab.com/gitlab-org/gitlab-runner/common";
const inputs = [versions.gitlabRunner, versions.gitlabRunnerRevision, versions.go];
const variables = {
  [`${common}.VERSION`]: versions.gitlabRunner,
  [`${common}.REVISION`]: versions.gitlabRunnerRevision,
};
const isHelpers = (file: string) => file.startsWith(recipe("gitlab-runner", "helper") + path.sep);

/** GitLab's own code, compiled with the custom executor alone (see gitlab-runner/main.go for what that leaves out). */
export const runner: Artifact = {
  name: "gitlab-runner",
  inputs,
  files: filesUnder(module).filter((file) => !isHelpers(file)),
  async build({ dir, run }) {
    await goBuild(run, { module, target: ".", output: path.join(dir, runnerFile), variables });
  },
};

/** The same for the small program of the same release that has the jobs' commands alone (gitlab-runner/helper). */
export const runnerHelper: Artifact = {
  name: "gitlab-runner-helper",
  inputs,
  files: filesUnder(module),
  // Most of its packages are the runner's: compiled once.
  needs: [runner],
  async build({ dir, run }) {
    await goBuild(run, { module, target: "./helper", output: path.join(dir, helperFile), variables });
  },
};
