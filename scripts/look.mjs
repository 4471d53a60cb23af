/**
 * What keeps the sandbox from running on a machine. Looked for before anything is fetched or changed, so this is plain
 * JavaScript without dependencies, for whatever Node the machine has.
 */
import { cgroups, kernel } from "./look/kernel.mjs";
import { thisMachine } from "./look/machine.mjs";
import { programs } from "./look/programs.mjs";
import { rights } from "./look/rights.mjs";
import { room } from "./look/room.mjs";

export { thisMachine } from "./look/machine.mjs";

/** Sentences, each with the way out; none when all is there. */
export function whatIsMissing(machine = thisMachine()) {
  if (machine.platform !== "linux" || machine.architecture !== "x64") {
    return [
      `It needs Linux on x86-64; this is ${machine.platform} on ${machine.architecture}. ` +
        "Use such a machine, virtual or not.",
    ];
  }
  return [rights, programs, kernel, cgroups, room].flatMap((look) => look(machine));
}

/** What the user reads. */
export const refusal = (missing) =>
  ["The sandbox cannot run on this machine:", ...missing.map((line) => `  - ${line}`)].join("\n") +
  "\nNothing has been changed. The unit tests run everywhere: npm run test:unit";
