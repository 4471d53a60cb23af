/**
 * Records the engine's events of each scenario on the sandbox, trimmed to what reports are made of, as fixtures:
 *
 *   npm run sandbox -- up && npm run sandbox -- exec npx tsx test/automation/record.ts && npm run sandbox -- down
 *
 * To be run again when components change; then `UPDATE_GOLDEN=1 npx mocha … test/automation/report.test.ts`.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { EngineEvent, StepEventStateMetadata } from "@pulumi/pulumi/automation";
import { deployStack, previewDestroy, previewStack } from "../../automation/stack";
import { stackName } from "../../sandbox/config";
import { engineEnvironment } from "../../sandbox/engine";
import { sandboxOk, status } from "../support/sandbox";
import { stackFile } from "../support/stack";
import { engineInventory, linesOf, unchangedFixture } from "./inventory";
import { edited, guarded, scenarios, twoGroups, type Scenario } from "./scenarios";
import { inOrder, numbered } from "./stable";

const commands = { preview: previewStack, up: deployStack, destroy: previewDestroy };
const fixtures = path.join(__dirname, "fixtures");
const write = (name: string, text: string) => writeFileSync(path.join(fixtures, name), `${text}\n`);

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "record-"));
  mkdirSync(fixtures, { recursive: true });
  const original = readFileSync(stackFile, "utf8");
  const fileFor = (name: string, edit: Scenario["edit"]) => {
    const file = path.join(folder, `${name}.yaml`);
    writeFileSync(file, edited(original, edit));
    return file;
  };
  const { debugProviders } = await status();
  Object.assign(process.env, await engineEnvironment(debugProviders));
  const run = async (command: keyof typeof commands, name: string, configFile: string) => {
    const lock = { patience: 0, interval: 0, onWait: () => {} };
    const { events, failure } = await commands[command]({ stack: stackName, configFile, onEvent: () => {}, lock });
    const kept = events.flatMap((event) => trimmed(event, command));
    // Of a deployment, the order is what progress is made of.
    const lines = (command === "up" ? kept : inOrder(kept)).map((event) => JSON.stringify(event));
    if (name === "nothing") write(unchangedFixture, linesOf(engineInventory(events)));
    write(`${name}.jsonl`, numbered(lines.join("\n")));
    console.log(`${name}: ${lines.length} events, ${failure ?? "succeeded"}`);
  };
  const only = process.argv.slice(2);
  const wanted = (name: string) => only.length === 0 || only.includes(name);
  try {
    for (const on of ["one group", "two groups"] as const) {
      if (on === "two groups") await run("up", "up-group-added", fileFor("up-two", twoGroups));
      for (const { name, edit } of scenarios.filter((scenario) => scenario.on === on && wanted(scenario.name))) {
        await run("preview", name, fileFor(name, edit));
      }
    }
    const protectedStack = fileFor("protected", guarded);
    await sandboxOk(["pulumi", "up", "--yes", "--skip-preview", "--config-file", protectedStack]);
    await run("destroy", "destroy-protected", protectedStack);
    await sandboxOk(["up"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Reports are made from the steps that change something, their inputs, messages and the summary. Progress is made from
 * the steps' ends, which previews have no use for.
 */
function trimmed(event: EngineEvent, command: keyof typeof commands): EngineEvent[] {
  const { diagnosticEvent, summaryEvent, resourcePreEvent, resOutputsEvent, resOpFailedEvent } = event;
  const base = { sequence: 0, timestamp: 0 };
  if (diagnosticEvent) return String(diagnosticEvent.severity) === "debug" ? [] : [{ ...base, diagnosticEvent }];
  if (summaryEvent) return [{ ...base, summaryEvent: { ...summaryEvent, durationSeconds: 0 } }];
  const step = resourcePreEvent ?? resOutputsEvent ?? resOpFailedEvent;
  if (!step || step.metadata.op === "same") return [];
  const { old, new: after, ...rest } = step.metadata;
  const metadata = { ...rest, provider: "" };
  if (resourcePreEvent) {
    return [{ ...base, resourcePreEvent: { metadata: { ...metadata, old: inputsOf(old), new: inputsOf(after) } } }];
  }
  if (resOpFailedEvent) return [{ ...base, resOpFailedEvent: { metadata, status: 0, steps: 0 } }];
  return command === "up" ? [{ ...base, resOutputsEvent: { metadata } }] : [];
}

const inputsOf = (state?: StepEventStateMetadata): StepEventStateMetadata | undefined =>
  state ? { ...state, outputs: {}, provider: "", parent: "" } : undefined;

void main();
