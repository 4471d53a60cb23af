/** `deploy` and `destroy`: both preview first. */
import { requireBuilder } from "./builder";
import { UserError } from "./errors";
import { refuseOwnRunner } from "./own-runner";
import { showing, tell, write } from "./output";
import { takePreview, verdict } from "./preview";
import type { Mode } from "./progress";
import { refusedAsProtected } from "./protected";
import { failed, reportOf, type Report } from "./report/report";
import { retireAll, retireSuperseded } from "./retire";
import { deployStack, destroyStack, previewDestroy, readDeployed, stackFacts, type UpdateOptions } from "./stack";

export interface DeployFlags {
  stack: string;
  json?: string;
  /** Seconds. */
  lockTimeout: number;
  configFile?: string;
}

/** Previews, makes sure that what has to be built can be built, and deploys. */
export async function deploy(flags: DeployFlags, signal?: AbortSignal): Promise<number> {
  const planned = await takePreview(flags, signal);
  if (failed(planned)) return verdict(planned, flags);
  if (planned.imageToBuild) await requireBuilder(planned.imagePlatform);
  await refuseOwnRunner(flags.stack, planned.dangers, stackFacts);
  tell(`deploying stack ${flags.stack}: ${planned.outcome}`);
  const result = await deployStack({ ...updating(flags, "deploy", signal), configFile: flags.configFile });
  const report = reportOf(flags.stack, result);
  if (!failed(report)) await retireSuperseded(() => readDeployed(flags));
  return finish(report, flags, "deployed");
}

/**
 * Previews, so that what cannot go keeps all the rest from going, and takes the stack down. The engine's own destroy finds
 * a protected resource only when it comes to it, and what it comes to before is gone by then.
 */
export async function destroy(flags: DeployFlags & { yes?: boolean }, signal?: AbortSignal): Promise<number> {
  const { stack, configFile } = flags;
  if (!flags.yes) throw new UserError(`this takes down all of stack ${stack}; say so: --yes`);
  tell(`previewing how stack ${stack} is destroyed`);
  const options = { ...updating(flags, "destroy", signal), configFile };
  const planned = await previewDestroy({ ...options, onEvent: showing("preview") });
  signal?.throwIfAborted();
  const refusal = refusedAsProtected(stack, planned);
  if (refusal !== undefined) throw new UserError(refusal);
  const report = reportOf(stack, planned);
  if (failed(report)) return finish(report, flags, "destroyed");
  await refuseOwnRunner(stack, report.dangers, stackFacts);
  tell(`destroying stack ${stack}`);
  const deployed = await readDeployed(flags);
  const destroyed = reportOf(stack, await destroyStack(options));
  if (!failed(destroyed)) await retireAll(deployed);
  return finish(destroyed, flags, "destroyed");
}

function updating({ stack, lockTimeout }: DeployFlags, mode: Mode, signal?: AbortSignal): UpdateOptions {
  const onWait = ({ text }: { text: string }) => tell(`waiting for stack ${stack}: ${text}`);
  return { stack, signal, onEvent: showing(mode), lock: { patience: lockTimeout * 1000, interval: 5000, onWait } };
}

function finish(report: Report, { json }: DeployFlags, done: string): number {
  if (json) write(json, `${JSON.stringify(report, null, 2)}\n`);
  if (failed(report)) {
    tell(`stack ${report.stack} is not ${done}:\n${report.errors.join("\n")}`);
    return 1;
  }
  if (json !== "-") console.log(`${done} ${report.stack}: ${report.outcome}`);
  return 0;
}
