/** The apk repository that the job image's Dockerfile installs from. */
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { recipe } from "../recipes";
import { versions } from "../versions";
import { alpine, alpineRootfsFile } from "./alpine";
import { runner, runnerFile } from "./runner";

const script = recipe("apk", "repository.sh");
const olderRunner = recipe("apk", "older-gitlab-runner.sh");

export const apkKeyFile = "sandbox.rsa.pub";

/** Stand-in for Alpine's package mirrors; see the script for what that means. */
export const apkRepository: Artifact = {
  name: "apk",
  inputs: [versions.debianOfPackages, versions.alpineGitlabRunner],
  files: [script, olderRunner],
  needs: [alpine, runner],
  async build({ dir, scratch, run, need }) {
    const rootfs = path.join(need(alpine), alpineRootfsFile);
    const binary = path.join(need(runner), runnerFile);
    const older = [binary, olderRunner, versions.alpineGitlabRunner];
    await run("sh", [script, versions.debianOfPackages, rootfs, ...older, scratch, dir]);
  },
};
