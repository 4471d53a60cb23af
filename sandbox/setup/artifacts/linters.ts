/** Linters for shell scripts and Dockerfiles, as the test command uses them. */
import { copyFile, mkdir } from "node:fs/promises";
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { createEnvironment, installRequirements } from "../python";
import { recipe } from "../recipes";

const requirements = recipe("linters", "requirements.txt");

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
