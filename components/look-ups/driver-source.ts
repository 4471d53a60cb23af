/**
 * Where the driver's sources come from: driver/ of this project, or a commit of a git repository, which is fetched to
 * this machine by its own git, with whatever credentials that has, and copied to the hosts from here. So a ref that
 * does not exist is told at preview, hosts need neither git nor a way to the repository, and no credential is in the
 * settings, the state or on a host.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { fetchCommit, resolveRef } from "./git-source";
import { folders, root as project } from "../project";
import type { Settings } from "../settings/settings";
import { sourceHash } from "../source-hash";

export interface DriverSource {
  /** Absolute. */
  readonly folder: string;
  /** Names the content. */
  readonly hash: string;
  /** For people: "bundled", or repository and commit. */
  readonly origin: string;
}

/** Where fetched sources are kept by commit, below the project's folder. It may be deleted at any time. */
const fetched = ".driver";

/** driver/ of this project. */
export const bundledDriver = (): DriverSource => source(folders.driver, "bundled");

/**
 * @param root the folder that fetched sources are kept below
 * @throws Error that names the setting, the repository and the way out
 */
export async function findDriverSource(driver: Settings["driver"], root = project): Promise<DriverSource> {
  const { repository, ref, directory } = driver;
  if (repository === undefined || ref === undefined) return bundledDriver();
  const commit = await resolveRef(repository, ref);
  const checkout = path.join(root, fetched, commit);
  await fetchCommit(repository, commit, checkout);
  const folder = path.join(checkout, directory);
  for (const needed of ["go.mod", "cmd/fargate", "cmd/ci-agent"]) {
    if (fs.existsSync(path.join(folder, needed))) continue;
    throw new Error(
      `driver.directory: ${repository} has no ${path.posix.join(directory, needed)} at ${commit}; name the folder of ` +
        "the driver's go.mod, with the commands cmd/fargate and cmd/ci-agent below it",
    );
  }
  return source(folder, `${repository} ${commit}`);
}

const source = (folder: string, origin: string): DriverSource => ({ folder, hash: sourceHash(folder), origin });
