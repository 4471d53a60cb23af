/** The file system that the sandbox's EC2 instances boot from. */
import { chmod } from "node:fs/promises";
import * as path from "node:path";
import { paths } from "../../../components/host/paths";
import type { Artifact } from "../artifact";
import { recipe } from "../recipes";
import { versions } from "../versions";
import { goCache, goCacheFolder } from "./go-cache";

const script = recipe("host", "tree.sh");

export const hostTreeFolder = "tree";

/** Debian's packages as a root file system. */
export const debian: Artifact = {
  name: "debian",
  inputs: [versions.debian],
  files: [script],
  async build({ dir, run }) {
    await run("sh", [script, versions.debian, path.join(dir, hostTreeFolder)]);
  },
};

/** In the tree, where a host has it. */
const goCacheOnHost = path.relative("/", paths.goCache);

/**
 * Stand-in for an AMI, booted by systemd-nspawn on a shared kernel. As a custom AMI might, it comes with a warm build
 * cache; everything else is installed by the program.
 */
export const hostTree: Artifact = {
  name: "host",
  inputs: [goCacheOnHost],
  needs: [debian, goCache],
  async build({ dir, run, need }) {
    const tree = path.join(dir, hostTreeFolder);
    // Hard links cost no space; the trees are only ever read, hosts write into layers of their own.
    await run("cp", ["--archive", "--link", path.join(need(debian), hostTreeFolder), tree]);
    const cache = path.join(tree, goCacheOnHost);
    await run("mkdir", ["-p", cache]);
    await run("cp", ["--archive", path.join(need(goCache), goCacheFolder), cache]);
    await run("chroot", [tree, "chown", "-R", "admin:admin", `/${goCacheOnHost}`]);
    await chmod(cache, 0o755);
  },
};
