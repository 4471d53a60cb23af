/**
 * Records the engine's events of each scenario on the sandbox, trimmed to what reports are made of, as fixtures:
 *
 *   npm run sandbox -- up && npx tsx test/automation/record.ts && npm run sandbox -- down
 *
 * To be run again when components change; then `UPDATE_GOLDEN=1 npx mocha … test/automation/report.test.ts`.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { EngineEvent, StepEventStateMetadata } from "@pulumi/pulumi/automation";
import { deployStack, previewStack } from "../../automation/stack";
import { stackName } from "../../sandbox/config";
import { engineEnvironment } from "../../sandbox/engine";
import { sandboxOk, status } from "../support/sandbox";
import { stackFile } from "../support/stack";
import { edited, scenarios, twoGroups, type Scenario } from "./scenarios";

const fixtures = path.join(__dirname, "fixtures");

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
  const run = async (command: "preview" | "up", name: string, configFile: string) => {
    const shared = { stack: stackName, configFile, onEvent: () => {} };
    const lock = { patience: 0, interval: 0, onWait: () => {} };
    const { events, failure } = await (command === "up" ? deployStack({ ...shared, lock }) : previewStack(shared));
    const lines = events.flatMap((event) => trimmed(event, command)).map((event) => JSON.stringify(event));
    writeFileSync(path.join(fixtures, `${name}.jsonl`), lines.join("\n") + "\n");
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
    await sandboxOk(["up"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Reports are made from the steps that change something, their inputs, messages and the summary. Progress is made from
 * the steps' ends, which previews have no use for.
 */
function trimmed(event: EngineEvent, command: "preview" | "up"): EngineEvent[] {
  const { sequence, diagnosticEvent, summaryEvent, resourcePreEvent, resOutputsEvent, resOpFailedEvent } = event;
  const base = { sequence, timestamp: 0 };
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
