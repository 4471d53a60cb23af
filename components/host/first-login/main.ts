/** Waits for the host that standard input tells of ({@link LoginOrder}, as JSON). The deployment runs it. */
import { setTimeout as sleep } from "node:timers/promises";
import { text } from "node:stream/consumers";
import { connect, type Connection } from "../drain/ssh";
import { waitForLogin } from "./wait";

export interface LoginOrder {
  /** The host's name, for what is said. */
  readonly host: string;
  readonly connection: Connection;
}

async function main(): Promise<void> {
  const { host, connection } = JSON.parse(await text(process.stdin)) as LoginOrder;
  await waitForLogin(host, { connect: () => connect(connection), now: Date.now, sleep });
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
