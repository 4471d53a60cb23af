/** The baseline: OpenSSH's client, a connection of its own for each call. */
import type { Invocation } from "./measure";

export interface TaskAccess {
  address: string;
  /** Files. */
  privateKey: string;
  knownHosts?: string;
}

/** What the driver and the image's sshd agree on. */
const keyExchange = "KexAlgorithms=curve25519-sha256";

export interface SshOptions {
  /** File that becomes standard input. */
  stdin?: string;
  /** More of ssh's own options. */
  options?: string[];
  /**
   * Take the key exchange that two OpenSSH agree on by themselves: safe from quantum computers, and so slow that it is
   * most of what a call costs. Otherwise it is the driver's, so that like is compared with like.
   */
  ownKeyExchange?: boolean;
}

/** @param command a line for the login shell */
export const plainSsh = (
  { address, privateKey, knownHosts }: TaskAccess,
  command: string,
  { stdin, options = [], ownKeyExchange = false }: SshOptions = {},
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
      .concat(ownKeyExchange ? [] : [keyExchange], options)
      .flatMap((option) => ["-o", option]),
    `root@${address}`,
    command,
  ],
  env: { PATH: process.env.PATH },
  stdin,
});
