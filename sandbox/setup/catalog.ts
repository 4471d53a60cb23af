/** What there is to prepare, in the order in which builds should start: the longest on the critical path first. */
import type { Artifact } from "./artifact";
import { alpine } from "./artifacts/alpine";
import { apkRepository } from "./artifacts/apk";
import { downloads } from "./artifacts/downloads";
import { goArchive } from "./artifacts/go-archive";
import { goModules } from "./artifacts/go-modules";
import { goCache } from "./artifacts/go-cache";
import { debian, hostTree } from "./artifacts/host";
import { shellLinters, staticcheck } from "./artifacts/linters";
import { moto } from "./artifacts/moto";
import { pulumi } from "./artifacts/pulumi";
import { registry } from "./artifacts/registry";
import { runner, runnerHelper } from "./artifacts/runner";

export const catalog: Artifact[] = [
  pulumi,
  runner,
  debian,
  alpine,
  moto,
  registry,
  runnerHelper,
  apkRepository,
  goArchive,
  goModules,
  downloads,
  goCache,
  hostTree,
  shellLinters,
  staticcheck,
];
