/** A sandbox for as long as a benchmark runs. */
import { readStatus } from "../../sandbox/control/client";
import type { Status } from "../../sandbox/control/protocol";
import { attempt } from "../../sandbox/command";
import { deploy, prepare, startDaemon, takeDown } from "../../sandbox/lifecycle";
import { UserError } from "../../sandbox/report";
import { prepareTools } from "../../sandbox/setup";
import { inNamespaces } from "../../sandbox/world/namespaces";

/** Whether a sandbox that this process starts will share its network, so that it can be measured from here. */
export const sharesNetwork = (): boolean => process.env.SANDBOX_NETWORK === "here";

/**
 * Runs this process's own program again in such a network; resolves to its exit code.
 * @param before what has to be done before, when all that a sandbox is made of is there
 */
export async function againWithNetwork(signal: AbortSignal, before: () => Promise<void>): Promise<number> {
  // In there is no way to the internet.
  const tools = await prepare(signal);
  await before();
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const [program, ...args] = inNamespaces(tools, command);
  const { exitCode } = await attempt(program!, args, { terminal: true });
  return exitCode ?? 1;
}

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
  try {
    const tools = await prepareTools({ onProgress: () => {}, signal });
    const status = await startDaemon({ tools, lease: true, signal });
    await deploy(status, signal);
    yield* work((await readStatus()) ?? status);
  } finally {
    await takeDown();
  }
}
