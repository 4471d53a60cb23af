/**
 * Around the end-to-end tests. They start on a machine without a sandbox and leave it as it was. After each test nothing
 * fails any more and no task runs; after each file the sandbox is as it was, or the file is named.
 */
import type { Suite } from "mocha";
import * as path from "node:path";
import { readStatus } from "../../sandbox/control/client";
import { projectDir } from "../../sandbox/config";
import { complaints } from "./as-deployed";
import { calm } from "./faults";
import { changes, leftIn, lookAtMachine, type Machine } from "./machine";
import { sandboxOk } from "./sandbox";
import { scratch, type Scratch } from "./scratch";
import { liveTasks } from "./tasks";
import { until } from "./until";

let machine: Machine;
let temporary: Scratch;

export const mochaHooks = {
  async beforeAll(this: Mocha.Context): Promise<void> {
    if (process.env.SANDBOX_NETWORK !== "here") throw new Error("the tests run by test/support/apart.sh NUMBER");
    if (await readStatus()) throw new Error("a sandbox is up; take it down first: npm run sandbox -- down");
    temporary = scratch();
    process.env.TMPDIR = temporary.dir;
    machine = await look();
    // Where a hook of the root suite fails, the whole run ends; these come after the hooks that a file's suites have.
    for (const [file, suites] of byFile(this.test!.parent!.suites)) {
      for (const suite of suites) suite.afterEach("nothing fails any more, and no task runs", settle);
      suites.at(-1)!.afterAll("the sandbox is as it was", () => checkAfter(file));
    }
  },
  async afterAll(): Promise<void> {
    await sandboxOk(["down"]);
    const left = [...changes(machine, await look()), ...leftIn(temporary.dir)];
    temporary.remove();
    if (left.length > 0) throw new Error(`the tests left this machine otherwise than it was:\n${left.join("\n")}`);
  },
};

/** At what is the machine's: the network is the sandbox's as well. */
async function look(): Promise<Machine> {
  const { addresses: _, routes: __, packetFilter: ___, ...machine } = await lookAtMachine();
  return machine;
}

/** The top suites of each file, by its path in the project. */
function byFile(suites: Suite[]): Map<string, Suite[]> {
  const files = new Map<string, Suite[]>();
  for (const suite of suites) {
    const file = path.relative(projectDir, suite.file ?? "");
    files.set(file, [...(files.get(file) ?? []), suite]);
  }
  return files;
}

async function settle(): Promise<void> {
  if (!(await readStatus())) return;
  await calm();
  await until("the test's tasks to end", async () => (await liveTasks()).length === 0);
}

/** The next file finds a whole sandbox: one that is not is taken down. */
async function checkAfter(file: string): Promise<void> {
  if (!(await readStatus())) return;
  const found = await complaints();
  if (found.length === 0) return;
  await sandboxOk(["down"]);
  throw new Error(`${file} left the sandbox otherwise than it was:\n${found.join("\n")}`);
}
