/**
 * The programs that the sandbox is made of and that it is built with, as /usr of a small Debian. Nothing is installed on the
 * machine, and it may be of any distribution (sandbox/world/enter.sh).
 */
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { filesUnder, recipe } from "../recipes";
import { versions } from "../versions";

const folder = recipe("tools");

const packages = [
  // AWS's parts: containers and their images, hosts, networks.
  ...["runc", "skopeo", "umoci", "systemd-container", "iproute2", "iptables", "nftables", "procps"],
  // Image builds and GitLab's repositories.
  ...["buildah", "git"],
  // moto's interpreter.
  ...["python3", "python3-venv"],
  // What artifacts are made with.
  ...["mmdebstrap", "apt", "debian-archive-keyring", "qemu-utils", "openssl", "xz-utils", "gawk"],
  // For whoever looks around, too.
  ...["bash", "curl", "openssh-client", "ca-certificates", "netbase", "tzdata"],
];

export const tools: Artifact = {
  name: "tools",
  inputs: [versions.debian, ...packages],
  files: filesUnder(folder),
  async build({ dir, scratch, run }) {
    const unpacked = path.join(scratch, "unpacked");
    await run("mkdir", [unpacked]);
    const build = ["--import", "tsx", path.join(folder, "build.ts"), versions.debian, unpacked, ...packages];
    // A machine may reach Debian by a proxy alone.
    await run(process.execPath, build, { env: { NODE_USE_ENV_PROXY: "1" } });
    await run("sh", [path.join(folder, "arrange.sh"), unpacked, dir]);
  },
};
