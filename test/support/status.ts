/** What the sandbox says of itself. */
import { readStatus } from "../../sandbox/control/client";
import type { Status } from "../../sandbox/control/protocol";

/** From the daemon's control socket, as the command line asks it too. */
export async function status(): Promise<Status> {
  const found = await readStatus();
  if (!found) throw new Error("the sandbox is not up");
  return found;
}
