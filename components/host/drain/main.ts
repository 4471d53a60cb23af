/** Drains the host that standard input tells of ({@link DrainOrder}, as JSON). The deployment runs it (host-drain.ts). */
import { setTimeout as sleep } from "node:timers/promises";
import { text } from "node:stream/consumers";
import { drain, type DrainOrder } from "./drain";
import { connect, type Connection } from "./ssh";

async function main(): Promise<void> {
  const order = JSON.parse(await text(process.stdin)) as DrainOrder<Connection>;
  await drain(order, {
    connect: () => connect(order.connection),
    now: Date.now,
    sleep,
    say: (line) => console.log(line),
    env: process.env,
  });
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
