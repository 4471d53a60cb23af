/** Go's build cache with the driver's dependencies in it. */
import * as path from "node:path";
import { paths } from "../../../components/host/paths";
import { projectDir } from "../../config";
import type { Artifact } from "../artifact";
import { recipe } from "../recipes";
import { goArchive, goArchiveFile } from "./go-archive";
import { goModules, goModulesFolder } from "./go-modules";

const script = recipe("go-cache", "fill.sh");
const driver = path.join(projectDir, "driver");

export const goCacheFolder = "go-build";

/**
 * Saves a host the minute that compiling the standard library and the AWS SDK takes. Made anew when the driver's
 * modules change, not with each change of the driver itself: its own packages compile in a second.
 */
export const goCache: Artifact = {
  name: "go-cache",
  // Where a host has Go: the cache is good for no other place.
  inputs: [paths.go],
  files: [script],
  needs: [goArchive, goModules],
  async build({ dir, scratch, run, need }) {
    const archive = path.join(need(goArchive), goArchiveFile);
    const proxy = path.join(need(goModules), goModulesFolder);
    const cache = path.join(dir, goCacheFolder);
    await run("sh", [script, archive, paths.go, driver, proxy, scratch, cache], {
      // Go keeps its own counts there, otherwise in the user's home.
      env: { XDG_CONFIG_HOME: scratch },
    });
  },
};
