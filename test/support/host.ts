/** Commands on the sandbox's hosts, over SSH with the stack's key. */
import { execa } from "execa";
import { pulumiOk } from "./engine";
import { scratch } from "./scratch";
import { status } from "./status";

let key: Promise<string> | undefined;

/** The private key in the stack's settings. It is the same all the time, and asking the engine for it takes a second. */
export const hostKey = (): Promise<string> =>
  (key ??= pulumiOk(["config", "get", "--path", "gitlab-fargate-runners:host.privateKey"]).then(
    ({ stdout }) => stdout.trimEnd() + "\n",
  ));

/**
 * Runs a command on a host of the sandbox, the first one unless named, as root. The host's journal keeps the command:
 * what is secret has to come by `input`.
 */
export async function onHost(command: string, address?: string, input?: string): Promise<string> {
  const folder = scratch();
  try {
    const args = [
      ...["-i", folder.file("key", await hostKey(), { mode: 0o600 }), "-o", "LogLevel=ERROR"],
      ...["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"],
      `admin@${address ?? (await firstHost())}`,
      `sudo sh -c '${command.replaceAll("'", `'\\''`)}'`,
    ];
    const { stdout } = await execa("ssh", args, { input });
    return stdout;
  } finally {
    folder.remove();
  }
}

async function firstHost(): Promise<string> {
  const running = (await status()).hosts.find(({ state }) => state === "running");
  if (!running) throw new Error("no host runs");
  return running.address;
}

/** Runs the unit that the host's timer starts, to its end. */
export const reap = () => onHost("systemctl start gitlab-runner-reap.service");

/** Gives the host another fargate.toml while `act` runs. */
export async function withFargateToml<Result>(
  change: (text: string) => string,
  act: () => Promise<Result>,
): Promise<Result> {
  const file = "/etc/gitlab-runner/fargate.toml";
  const earlier = await onHost(`cat ${file}`);
  // In place: owner and mode stay. The next call of the driver reads it.
  const write = (text: string) => onHost(`cat > ${file} <<"END"\n${text.trimEnd()}\nEND`);
  await write(change(earlier));
  try {
    return await act();
  } finally {
    await write(earlier);
  }
}
