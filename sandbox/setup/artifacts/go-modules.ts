/** The modules that the driver is compiled from, as a module proxy's files. */
import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import * as path from "node:path";
import { projectDir } from "../../config";
import type { Artifact } from "../artifact";
import { goCommand, goEnvironment } from "../go";

const driver = path.join(projectDir, "driver");
const files = [path.join(driver, "go.mod"), path.join(driver, "go.sum")];

export const goModulesFolder = "proxy";

/**
 * A host in a private network reaches no public module proxy; this one has what driver/go.mod names and nothing else.
 * The layout is the module cache's own, which is a valid GOPROXY when it is served.
 */
export const goModules: Artifact = {
  name: "go-modules",
  inputs: [goEnvironment.GOTOOLCHAIN],
  files,
  async build({ dir, scratch, run }) {
    const cache = path.join(scratch, "mod");
    const download = path.join(cache, "cache", "download");
    await mkdir(download, { recursive: true });
    if (files.every((file) => existsSync(file))) {
      await run(goCommand, ["mod", "download"], {
        cwd: driver,
        env: {
          ...goEnvironment,
          GOFLAGS: "-modcacherw -mod=readonly",
          GOMODCACHE: cache,
          // What earlier builds have fetched doesn't come over the network again.
          GOPROXY: `file://${path.join(goEnvironment.GOMODCACHE, "cache", "download")},${goEnvironment.GOPROXY}`,
        },
      });
    }
    await rename(download, path.join(dir, goModulesFolder));
  },
};
