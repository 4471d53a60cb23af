/** The baseline: OpenSSH's client, a connection of its own for each call. */
import type { Invocation } from "./measure";

export interface TaskAccess {
  address: string;
  /** Files. */
  privateKey: string;
  knownHosts?: string;
}

/**
 * @param command a line for the login shell
 * @param options more of ssh's own
 */
export const plainSsh = (
  { address, privateKey, knownHosts }: TaskAccess,
  command: string,
  { stdin, options = [] }: { stdin?: string; options?: string[] } = {},
): Invocation => ({
  program: "ssh",
  args: [
    // Nobody's configuration, agent or shared connection.
    ...["-F", "none", "-i", privateKey],
    ...["IdentitiesOnly=yes", "IdentityAgent=none", "BatchMode=yes", "ControlPath=none", "LogLevel=ERROR"]
      .concat(
        knownHosts === undefined
          ? ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"]
          : ["StrictHostKeyChecking=yes", `UserKnownHostsFile=${knownHosts}`],
      )
      .concat(options)
      .flatMap((option) => ["-o", option]),
    `root@${address}`,
    command,
  ],
  env: { PATH: process.env.PATH },
  stdin,
});
