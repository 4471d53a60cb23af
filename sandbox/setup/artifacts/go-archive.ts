/** The Go distribution that the runner host compiles the driver with. */
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { goDistribution } from "../go";
import { recipe } from "../recipes";
import { versions } from "../versions";

const script = recipe("go-archive", "archive.sh");

export const goArchiveFile = `go${versions.go}.linux-amd64.tar.gz`;

/** Stand-in for the archive of the same name on Go's download site: a subset, with another checksum. */
export const goArchive: Artifact = {
  name: "go-archive",
  inputs: [versions.go],
  files: [script],
  async build({ dir, scratch, run }) {
    await run("sh", [script, goDistribution, scratch, path.join(dir, goArchiveFile)]);
  },
};
