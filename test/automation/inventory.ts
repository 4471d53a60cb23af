/**
 * What the program registers, in short: to see whether the recorded previews are still those of today's program. Names only,
 * so that neither another text in a script nor another policy needs a new recording.
 */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { parse } from "yaml";
import { flatten, type Value } from "../../automation/values";
import { namespace } from "../../components/settings/settings";
import { projectDir, stackName } from "../../sandbox/config";
import { run } from "../program/support/program";
import { raw } from "../program/support/settings";

/** "type name" → names of its input properties, in alphabetical order. */
export type Inventory = Record<string, string[]>;

/** Written by record.ts, from the preview of an unchanged stack: a resource a line. */
export const unchangedFixture = "unchanged.jsonl";

export const linesOf = (inventory: Inventory): string =>
  Object.entries(inventory)
    .map((entry) => JSON.stringify(entry))
    .join("\n");

export const fromLines = (text: string): Inventory =>
  Object.fromEntries(
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as [string, string[]]),
  );

/** What the engine knows of the stack, by a preview that changes nothing. */
export function engineInventory(events: EngineEvent[]): Inventory {
  const steps = events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []);
  return inventory(
    steps
      .filter(({ urn }) => !childOfPackage.test(urn))
      .map(({ type, urn, new: state }) => {
        const { __defaults = [], ...inputs } = (state?.inputs ?? {}) as Record<string, Value>;
        const byProvider = new Set(__defaults as string[]);
        const own = Object.entries(inputs).filter(([name]) => !byProvider.has(name));
        return { type, name: urn.split("::").slice(3).join("::"), inputs: Object.fromEntries(own) };
      }),
  );
}

/** What the program of this checkout registers for the sandbox's stack file, without an engine. */
export async function programInventory(): Promise<Inventory> {
  const { resources, errors } = await run(sandboxSettings(), { stack: stackName });
  if (errors.length > 0) throw new Error(`the program failed:\n${errors.join("\n")}`);
  const all = resources.map(({ fresh, inputs, ...resource }) => ({ ...resource, inputs: { ...inputs, ...fresh } }));
  return inventory(all as unknown as Parameters<typeof inventory>[0]);
}

/** Made by a component of another package, in a process of its own: mocks see nothing of them. */
const childOfPackage = /\bawsx:[^$]*\$/;

/** Not the program's own: made by the engine. */
const ofEngine = /^pulumi:(pulumi:Stack|providers:)/;

/** The engine shows no inputs of a package's component. */
const packageComponent = /^awsx:/;

function inventory(resources: { type: string; name: string; inputs: Record<string, Value> }[]): Inventory {
  const entries = resources
    .filter(({ type }) => !ofEngine.test(type))
    .map(({ type, name, inputs }): [string, string[]] => [
      `${type} ${name}`,
      packageComponent.test(type) ? [] : flatten(inputs).map(([property]) => property),
    ]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The stack file's, with another key pair in the place of the encrypted one. */
function sandboxSettings(): Record<string, unknown> {
  const { config } = parse(readFileSync(path.join(projectDir, `Pulumi.${stackName}.yaml`), "utf8"));
  const own = Object.entries(config as Record<string, unknown>).filter(([key]) => key.startsWith(`${namespace}:`));
  const settings = Object.fromEntries(own.map(([key, value]) => [key.slice(namespace.length + 1), value]));
  const { publicKey, privateKey } = raw().host as Record<string, unknown>;
  return { ...settings, host: { ...(settings.host as object), publicKey, privateKey } };
}
