/** gitlab-runner as a static binary, for the host and for the job image. */
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { goBuild } from "../go";
import { filesUnder, recipe } from "../recipes";
import { versions } from "../versions";

const module = recipe("gitlab-runner");

export const runnerFile = "gitlab-runner";

const common = "gitlab.com/gitlab-org/gitlab-runner/common";

/** GitLab's own code, compiled with the custom executor alone (see gitlab-runner/main.go for what that leaves out). */
export const runner: Artifact = {
  name: "gitlab-runner",
  inputs: [versions.gitlabRunner, versions.gitlabRunnerRevision, versions.go],
  files: filesUnder(module),
  async build({ dir, run }) {
    await goBuild(run, {
      module,
      target: ".",
      output: path.join(dir, runnerFile),
      variables: {
        [`${common}.VERSION`]: versions.gitlabRunner,
        [`${common}.REVISION`]: versions.gitlabRunnerRevision,
      },
    });
  },
};
