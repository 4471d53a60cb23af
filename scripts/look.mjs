/**
 * What keeps the sandbox from running on a machine. Looked for before anything is fetched or changed, so this is plain
 * JavaScript without dependencies, for whatever Node the machine has.
 */
import { cgroups, kernel } from "./look/kernel.mjs";
import { thisMachine } from "./look/machine.mjs";
import { programs } from "./look/programs.mjs";
import { rights } from "./look/rights.mjs";
import { room } from "./look/room.mjs";
import { offer } from "./offer.mjs";

export { thisMachine } from "./look/machine.mjs";

/** How the sandbox's command line ends where this has refused the machine. */
export const refusedExitCode = 69;

/** Whether there could be a sandbox on such a machine at all. */
export const isPossible = ({ platform, architecture } = thisMachine()) =>
  platform === "linux" && architecture === "x64";

/** Sentences, each with the way out; none when all is there. */
export function whatIsMissing(machine = thisMachine()) {
  if (!isPossible(machine)) {
    return [
      `It needs Linux on x86-64; this is ${machine.platform} on ${machine.architecture}. ` +
        "Use such a machine, virtual or not.",
    ];
  }
  return [rights, programs, kernel, cgroups, room].flatMap((look) => look(machine));
}

/** What the user reads. */
export const refusal = (missing, platform = process.platform) =>
  ["The sandbox cannot run on this machine:", ...missing.map((line) => `  - ${line}`)].join("\n") +
  `\nNothing has been changed. ${offer(platform)}`;
