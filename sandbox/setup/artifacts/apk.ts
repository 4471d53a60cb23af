/** The apk repository that the job image's Dockerfile installs from. */
import * as path from "node:path";
import { inMountNamespace, type Artifact } from "../artifact";
import { recipe } from "../recipes";
import { versions } from "../versions";
import { alpine, alpineRootfsFile } from "./alpine";
import { runner, runnerFile } from "./runner";

const script = recipe("apk", "repository.sh");

export const apkKeyFile = "sandbox.rsa.pub";

/** Stand-in for Alpine's package mirrors; see the script for what that means. */
export const apkRepository: Artifact = {
  name: "apk",
  inputs: [versions.debian, versions.gitlabRunner],
  files: [script],
  needs: [alpine, runner],
  async build({ dir, scratch, run, need }) {
    const rootfs = path.join(need(alpine), alpineRootfsFile);
    const binary = path.join(need(runner), runnerFile);
    await inMountNamespace(run, script, [versions.debian, rootfs, binary, versions.gitlabRunner, scratch, dir]);
  },
};
