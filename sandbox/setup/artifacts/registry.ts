/**
 * The registry of images. Distributions package it as a service that runs from the next boot on, so it is built from its Go
 * module: nothing of it is on the machine but in the cache.
 */
import * as path from "node:path";
import type { Artifact } from "../artifact";
import { goBuild } from "../go";
import { recipe } from "../recipes";
import { versions } from "../versions";

const module = recipe("registry");

/** Of the executable in the artifact. */
export const registryFile = "registry";

export const registry: Artifact = {
  name: "registry",
  inputs: [versions.go],
  files: ["go.mod", "go.sum", "main.go"].map((file) => path.join(module, file)),
  build: ({ dir, run }) => goBuild(run, { module, target: ".", output: path.join(dir, registryFile) }),
};
