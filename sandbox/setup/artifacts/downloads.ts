/** The folder that stands for the download sites which a runner host uses. */
import { cp, link, mkdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { checksumsFile, sha256, verifyChecksums } from "../checksums";
import { versions } from "../versions";
import { goArchive, goArchiveFile } from "./go-archive";
import { goModules, goModulesFolder } from "./go-modules";
import { helperFile, runner, runnerFile, runnerHelper } from "./runner";

const release = path.join("gitlab-runner", `v${versions.gitlabRunner}`);

/** Paths in the folder, the same as on the real sites. */
export const downloadPaths = {
  runner: path.join(release, "binaries", "gitlab-runner-linux-amd64"),
  helper: path.join(release, "binaries", "gitlab-runner-helper", "gitlab-runner-helper.x86_64"),
  runnerChecksums: path.join(release, "release.sha256"),
  go: path.join("go", goArchiveFile),
  goproxy: "goproxy",
} as const;

export const downloads: Artifact = {
  name: "downloads",
  inputs: Object.values(downloadPaths),
  files: [checksumsFile],
  needs: [runner, runnerHelper, goArchive, goModules],
  async build({ dir, need }) {
    // Hard links: the needed artifacts are in the same cache and never change.
    const place = async (source: string, target: string) => {
      await mkdir(path.dirname(path.join(dir, target)), { recursive: true });
      await link(source, path.join(dir, target));
    };
    await place(path.join(need(runner), runnerFile), downloadPaths.runner);
    await place(path.join(need(runnerHelper), helperFile), downloadPaths.helper);
    await writeFile(path.join(dir, downloadPaths.runnerChecksums), await checksumsOf(dir));
    await place(path.join(need(goArchive), goArchiveFile), downloadPaths.go);
    await cp(path.join(need(goModules), goModulesFolder), path.join(dir, downloadPaths.goproxy), { recursive: true });
    await verifyChecksums(dir);
  },
};

/** What a release's release.sha256 says of the files that are here. */
async function checksumsOf(folder: string): Promise<string> {
  const files = [downloadPaths.helper, downloadPaths.runner];
  const lines = files.map(
    async (file) => `${await sha256(path.join(folder, file))} *${path.relative(release, file)}\n`,
  );
  return (await Promise.all(lines)).join("");
}
