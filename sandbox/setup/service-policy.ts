/**
 * Keeps packages from starting the services that they bring: the sandbox runs its own. Debian asks a program before it
 * starts one, where there is such a program; 101 forbids it
 * (https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt).
 */
import { existsSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";

const policyFile = "/usr/sbin/policy-rc.d";

/** Tells the sandbox's file, which a killed installation leaves, from the machine's own. */
const marker = "# Written by the sandbox of gitlab-fargate-runners while it installs packages.";

/** Whether the sandbox's own policy is there: an installation is at work, or one was killed. */
export const holdsServicesBack = (file = policyFile): boolean =>
  existsSync(file) && readFileSync(file, "utf8").includes(marker);

/**
 * Installs packages under a policy that starts no service, and takes the policy away again, also one that a killed
 * installation has left. A policy of the machine's own is left as it is. One caller at a time.
 */
export async function holdingServicesBack(install: () => Promise<void>, file = policyFile): Promise<void> {
  if (existsSync(file) && !holdsServicesBack(file)) return install();
  await writeFile(file, `#!/bin/sh\n${marker}\nexit 101\n`, { mode: 0o755 });
  try {
    await install();
  } finally {
    await rm(file, { force: true });
  }
}
