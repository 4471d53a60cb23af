/** The recorded previews are of a program that registers what today's does. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { fromLines, programInventory, unchangedFixture, type Inventory } from "./inventory";

/** In sentences; none where both register the same. */
function differences(recorded: Inventory, today: Inventory): string[] {
  const names = [...new Set([...Object.keys(recorded), ...Object.keys(today)])].sort();
  return names.flatMap((name) => {
    if (!today[name]) return [`${name} is recorded, and the program has it no more`];
    if (!recorded[name]) return [`${name} is new and not recorded`];
    const [gone, added] = [without(recorded[name], today[name]), without(today[name], recorded[name])];
    if (gone.length + added.length === 0) return [];
    return [`${name}: ${[...gone.map((property) => `-${property}`), ...added.map((one) => `+${one}`)].join(" ")}`];
  });
}

const without = (list: string[], others: string[]) => list.filter((one) => !others.includes(one));

const howToRecord = `The program registers something else than when test/automation/fixtures was recorded. Record anew:
  npm run sandbox -- up && npx tsx test/automation/record.ts && npm run sandbox -- down
  UPDATE_GOLDEN=1 npm test -- automation
and read the changes of test/automation/golden.`;

describe("the recorded previews", () => {
  it("are of what the program registers today", async () => {
    const recorded = fromLines(readFileSync(path.join(__dirname, "fixtures", unchangedFixture), "utf8"));
    const found = differences(recorded, await programInventory());
    expect(found, `${howToRecord}\n${found.join("\n")}\n`).to.deep.equal([]);
  });
});
