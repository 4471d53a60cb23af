/** The file system that the sandbox's EC2 instances boot from. */
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { recipe } from "../recipes";
import { versions } from "../versions";

const script = recipe("host", "tree.sh");

export const hostTreeFolder = "tree";

/** Stand-in for an AMI: Debian's packages, booted by systemd-nspawn on a shared kernel. */
export const hostTree: Artifact = {
  name: "host",
  inputs: [versions.debian],
  files: [script],
  async build({ dir, run }) {
    // In a mount namespace, so that an interrupted build leaves no /proc or /dev mounted in a folder to be removed.
    const tree = path.join(dir, hostTreeFolder);
    await run("unshare", ["--mount", "--propagation", "private", "sh", script, versions.debian, tree]);
  },
};
