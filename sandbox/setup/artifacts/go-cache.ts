/** Go's build cache with the driver's dependencies in it. */
import * as path from "node:path";
import { projectDir } from "../../config";
import { inMountNamespace, type Artifact } from "../artifact";
import { recipe } from "../recipes";
import { goArchive, goArchiveFile } from "./go-archive";
import { goModules, goModulesFolder } from "./go-modules";

const script = recipe("go-cache", "fill.sh");
const driver = path.join(projectDir, "driver");

/** Where the program puts Go on a host (components/host/paths.ts); another place makes the cache useless, not wrong. */
const goRootOnHost = "/opt/gitlab-runner/go";

export const goCacheFolder = "go-build";

/**
 * Saves a host the minute that compiling the standard library and the AWS SDK takes. Made anew when the driver's
 * modules change, not with each change of the driver itself: its own packages compile in a second.
 */
export const goCache: Artifact = {
  name: "go-cache",
  inputs: [goRootOnHost],
  files: [script],
  needs: [goArchive, goModules],
  async build({ dir, scratch, run, need }) {
    const archive = path.join(need(goArchive), goArchiveFile);
    const proxy = path.join(need(goModules), goModulesFolder);
    const cache = path.join(dir, goCacheFolder);
    await inMountNamespace(run, script, [archive, goRootOnHost, driver, proxy, scratch, cache]);
  },
};
