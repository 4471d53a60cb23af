/** Linters of the test command. */
import { copyFile, mkdir } from "node:fs/promises";
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { goBuild } from "../go";
import { createEnvironment, installRequirements } from "../python";
import { recipe } from "../recipes";
import { versions } from "../versions";

const requirements = recipe("linters", "requirements.txt");
const staticcheckModule = recipe("staticcheck");

/** For shell scripts and Dockerfiles: single static programs that PyPI packages carry. */
export const shellLinters: Artifact = {
  name: "linters",
  inputs: [],
  files: [requirements],
  async build({ dir, scratch, run }) {
    const environment = path.join(scratch, "venv");
    const interpreter = await createEnvironment(run, environment);
    await installRequirements(run, interpreter, requirements);
    await mkdir(path.join(dir, "bin"));
    for (const file of ["shellcheck", "hadolint"]) {
      await copyFile(path.join(environment, "bin", file), path.join(dir, "bin", file));
    }
  },
};

/** For the driver. Built by the toolchain that the driver is built by, as it must understand the same language. */
export const staticcheck: Artifact = {
  name: "staticcheck",
  inputs: [versions.go],
  files: [path.join(staticcheckModule, "go.mod"), path.join(staticcheckModule, "go.sum")],
  async build({ dir, run }) {
    await goBuild(run, {
      module: staticcheckModule,
      target: "honnef.co/go/tools/cmd/staticcheck",
      output: path.join(dir, "staticcheck"),
    });
  },
};
