/** What there is to prepare, in the order in which builds should start: the longest on the critical path first. */
import type { Artifact } from "./artifact";
import { alpine } from "./artifacts/alpine";
import { hostTree } from "./artifacts/host";
import { shellLinters } from "./artifacts/linters";
import { moto } from "./artifacts/moto";
import { pulumi } from "./artifacts/pulumi";
import { runner } from "./artifacts/runner";

export const catalog: Artifact[] = [pulumi, hostTree, alpine, moto, runner, shellLinters];
