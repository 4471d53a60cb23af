/** The control plane of the sandbox's AWS: moto, with the models of AWS that it brings. */
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { createEnvironment, installRequirements } from "../python";
import { recipe } from "../recipes";
import { versions } from "../versions";

const requirements = recipe("moto", "requirements.txt");

/** Finds its environment beside itself, whatever folder that was built in. */
export const motoPython = "venv/bin/python";

export const moto: Artifact = {
  name: "moto",
  inputs: [versions.python],
  files: [requirements],
  async build({ dir, run }) {
    const interpreter = await createEnvironment(run, path.join(dir, "venv"));
    await installRequirements(run, interpreter, requirements);
  },
};
