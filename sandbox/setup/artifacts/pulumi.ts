/** The Pulumi CLI, laid out as the npm package `pulumi` looks for it. */
import { copyFile, mkdir, chmod } from "node:fs/promises";
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { goBuild } from "../go";
import { recipe } from "../recipes";
import { versions } from "../versions";

const module = recipe("pulumi");
const languageHost = recipe("pulumi", "language-nodejs.js");

/** Folder of the executables in the artifact, which serves as PULUMI_HOME. */
const pulumiBin = path.join("versions", versions.pulumi, "bin");

/**
 * Built from its Go module: the sandbox must not need Pulumi's download site. The version is the newest that the
 * module proxy serves; PULUMI_VERSION makes the npm package choose it.
 */
export const pulumi: Artifact = {
  name: "pulumi",
  inputs: [versions.pulumi, versions.go],
  files: [path.join(module, "go.mod"), path.join(module, "go.sum"), languageHost],
  async build({ dir, run }) {
    const bin = path.join(dir, pulumiBin);
    await mkdir(bin, { recursive: true });
    await goBuild(run, {
      module,
      target: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      output: path.join(bin, "pulumi"),
      // The Automation API refuses a CLI without a version.
      variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${versions.pulumi}` },
    });
    const host = path.join(bin, "pulumi-language-nodejs");
    await copyFile(languageHost, host);
    await chmod(host, 0o755);
  },
};
