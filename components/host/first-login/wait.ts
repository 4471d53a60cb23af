/**
 * Waits for a host that has just been made to let the deployment log in. Through a proxy, pulumi-command tries a
 * handshake again over the same connection, where nobody answers any more, so that the first login that a booting host
 * refuses fails the deployment.
 *
 * @see https://github.com/pulumi/pulumi-command/blob/v1.2.1/provider/pkg/provider/remote/connection.go (Dial)
 */
import { AnotherHost, type World } from "../drain/drain";

/** In milliseconds. `other`: how long another host key may be that of the machine image, which cloud-init replaces. */
export const bounds = { patience: 180_000, pause: 3_000, other: 15_000 };

/** @throws where the host lets nobody in within the bound */
export async function waitForLogin(
  host: string,
  { connect, now, sleep }: Pick<World, "connect" | "now" | "sleep">,
): Promise<void> {
  const end = now() + bounds.patience;
  let other: number | undefined;
  for (;;) {
    try {
      return (await connect()).close();
    } catch (error) {
      other = error instanceof AnotherHost ? (other ?? now()) : undefined;
      // A host that was set up before has made a key of its own. Whether it is this one the next command finds out.
      if (other !== undefined && now() - other >= bounds.other) return;
      if (now() + bounds.pause > end) {
        const reason = (error as Error).message;
        throw new Error(`${host}: no login through the proxy within ${bounds.patience / 1000} s: ${reason}`, {
          cause: error,
        });
      }
    }
    await sleep(bounds.pause);
  }
}
