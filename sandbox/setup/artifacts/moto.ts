/** moto in server mode: the control plane of the sandbox's AWS. */
import { writeFile } from "node:fs/promises";
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { createEnvironment, installRequirements, pythonVersion } from "../python";
import { recipe } from "../recipes";

const requirements = recipe("moto", "requirements.txt");

export const motoFile = "moto_server";

/** Finds its environment beside itself, whatever folder it was built in. */
const launcher = `#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/venv/bin/python" -m moto.server "$@"
`;

export const moto: Artifact = {
  name: "moto",
  inputs: [pythonVersion(), launcher],
  files: [requirements],
  async build({ dir, run }) {
    const interpreter = await createEnvironment(run, path.join(dir, "venv"));
    await installRequirements(run, interpreter, requirements);
    await writeFile(path.join(dir, motoFile), launcher, { mode: 0o755 });
  },
};
