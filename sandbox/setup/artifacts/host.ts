/** The file system that the sandbox's EC2 instances boot from. */
import * as path from "node:path";
import { inMountNamespace, type Artifact } from "../artifact";
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
    await inMountNamespace(run, script, [versions.debian, path.join(dir, hostTreeFolder)]);
  },
};
