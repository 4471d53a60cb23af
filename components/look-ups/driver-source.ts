/**
 * Where the driver's sources come from: driver/ of this project, or a commit of a git repository, which is fetched to
 * this machine by its own git, with whatever credentials that has, and copied to the hosts from here. So a ref that
 * does not exist is told at preview, hosts need neither git nor a way to the repository, and no credential is in the
 * settings, the state or on a host.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { fetchCommit, resolveRef } from "./git-source";
import type { Settings } from "../settings/settings";
import { root as project } from "../project";
import { sourceHash } from "../source-hash";

export interface DriverSource {
  /** Relative to the project's folder, so that the state does not depend on where that is; with a slash at the end. */
  folder: string;
  /** Names the content. */
  hash: string;
  /** For people: "bundled", or repository and commit. */
  origin: string;
}

/** Of fetched sources, by commit; below the project's folder, and deleted at will. */
const fetched = ".driver";

/** @throws Error that names the setting, the repository and the way out */
export async function findDriverSource(driver: Settings["driver"], root = project): Promise<DriverSource> {
  const { repository, ref, directory } = driver;
  if (repository === undefined || ref === undefined) return source(root, "driver/", "bundled");
  const commit = await resolveRef(repository, ref);
  await fetchCommit(repository, commit, path.join(root, fetched, commit));
  const folder = path.posix.join(fetched, commit, directory, "/");
  for (const needed of ["go.mod", "cmd/fargate", "cmd/ci-agent"]) {
    if (fs.existsSync(path.join(root, folder, needed))) continue;
    throw new Error(
      `driver.directory: ${repository} has no ${path.posix.join(directory, needed)} at ${commit}; name the folder of ` +
        "the driver's go.mod, with the commands cmd/fargate and cmd/ci-agent below it",
    );
  }
  return source(root, folder, `${repository} ${commit}`);
}

const source = (root: string, folder: string, origin: string): DriverSource => ({
  folder,
  hash: sourceHash(path.join(root, folder)),
  origin,
});
