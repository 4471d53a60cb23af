/** The folder that stands for the download sites which a runner host uses. */
import { cp, link, mkdir } from "node:fs/promises";
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { checksumsFile, verifyChecksums } from "../checksums";
import { versions } from "../versions";
import { goArchive, goArchiveFile } from "./go-archive";
import { goModules, goModulesFolder } from "./go-modules";
import { runner, runnerFile } from "./runner";

/** Paths in the folder, the same as on the real sites. */
export const downloadPaths = {
  runner: path.join("gitlab-runner", `v${versions.gitlabRunner}`, "binaries", "gitlab-runner-linux-amd64"),
  go: path.join("go", goArchiveFile),
  goproxy: "goproxy",
} as const;

export const downloads: Artifact = {
  name: "downloads",
  inputs: Object.values(downloadPaths),
  files: [checksumsFile],
  needs: [runner, goArchive, goModules],
  async build({ dir, need }) {
    // Hard links: the needed artifacts are in the same cache and never change.
    const place = async (source: string, target: string) => {
      await mkdir(path.dirname(path.join(dir, target)), { recursive: true });
      await link(source, path.join(dir, target));
    };
    await place(path.join(need(runner), runnerFile), downloadPaths.runner);
    await place(path.join(need(goArchive), goArchiveFile), downloadPaths.go);
    await cp(path.join(need(goModules), goModulesFolder), path.join(dir, downloadPaths.goproxy), { recursive: true });
    await verifyChecksums(dir);
  },
};
