/** A sandbox for as long as a benchmark runs. */
import { readStatus } from "../../sandbox/control/client";
import type { Status } from "../../sandbox/control/protocol";
import { deploy, prepare, startDaemon, takeDown } from "../../sandbox/lifecycle";
import { UserError } from "../../sandbox/report";

/**
 * Brings a sandbox up with the stack on it, hands it to `work`, and takes it down; it goes with this process, too.
 * @throws UserError where one is up already
 */
export async function* withSandbox<Result>(
  signal: AbortSignal,
  work: (status: Status) => AsyncIterable<Result>,
): AsyncGenerator<Result> {
  if (await readStatus()) {
    throw new UserError("A sandbox is up already. Take it down first: npm run sandbox -- down");
  }
  await prepare(signal);
  try {
    const status = await startDaemon({ lease: true, signal });
    await deploy(status, signal);
    yield* work((await readStatus()) ?? status);
  } finally {
    await takeDown();
  }
}
