/**
 * `npm run preview:mocks`: what a merge request that adds the stack dev would be told, on any machine, in seconds. The
 * program is the one that is deployed, and so are its settings and the report; in the place of the engine, its providers,
 * AWS and GitLab are Pulumi's mocks, as in the program's tests.
 */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { parse } from "yaml";
import { markdown } from "../automation/report/markdown";
import { reportOf, type Report } from "../automation/report/report";
import { FargateRunners } from "../components/fargate-runners";
import { lookUp } from "../components/look-ups/look-ups";
import { namespace, parseSettings } from "../components/settings/settings";
import { deploy, type Registered } from "./program/support/deploy";
import { readable } from "./support/readable";

type Raw = Record<string, unknown>;

const stack = "dev";

/** What README has everybody set before a first deployment, as examples. */
const examples = {
  adminCidrs: ["203.0.113.7/32"],
  runner: { sha256: "a".repeat(64), helperSha256: "b".repeat(64) },
};

/** The settings of a stack's file (relative to the project), with examples for what it leaves to its user. */
export function settingsOf(stackFile: string): Raw {
  const file = path.resolve(__dirname, "..", stackFile);
  const { config } = parse(readFileSync(file, "utf8")) as { config: Raw };
  const own = Object.entries(config).filter(([key]) => key.startsWith(`${namespace}:`));
  const { host, ...settings } = Object.fromEntries(own.map(([key, value]) => [key.slice(namespace.length + 1), value]));
  const { runner, ...given } = host as { runner: Raw };
  return { ...settings, host: { ...examples, ...given, runner: { ...examples.runner, ...runner } } };
}

/** The report of a first preview of a stack with these settings. */
export async function previewOnMocks(stack: string, settings: Raw): Promise<Report> {
  const program = async () => {
    const parsed = parseSettings(settings);
    return new FargateRunners("gitlab-runners", { settings: parsed, ...(await lookUp(parsed)) });
  };
  const { resources, errors } = await deploy(program, { stack, preview: true });
  const providers = [...new Set(resources.map(({ type }) => type.split(":")[0]))].filter((name) => name !== namespace);
  const made = [...providers.map((name) => providerOf(name, stack)), ...resources.flatMap(withChildren)];
  const events = [...made.map(created), ...errors.map(failed)];
  return reportOf(stack, { events });
}

type Made = Pick<Registered, "type" | "urn" | "inputs" | "fresh">;

/** The engine makes one for each package, with the package's settings. */
const providerOf = (name: string, stack: string): Made => {
  const type = `pulumi:providers:${name}`;
  return { type, urn: `urn:pulumi:${stack}::${namespace}::${type}::default`, inputs: {}, fresh: {} };
};

/** What a component of another package makes, in a process of its own: mocks see nothing of it. */
function withChildren(resource: Registered): Made[] {
  if (resource.type !== "awsx:ecr:Repository") return [resource];
  const made = ["aws:ecr/repository:Repository", "aws:ecr/lifecyclePolicy:LifecyclePolicy"];
  const children = made.map((type) => {
    const urn = resource.urn.replace(/::([^:]+)$/, `$${type}::$1`);
    return { ...resource, type, urn, inputs: {}, fresh: {} };
  });
  return [resource, ...children];
}

/** As the engine tells of a resource that is not there yet. */
function created({ type, urn, inputs, fresh }: Made): EngineEvent {
  const metadata = { op: "create", urn, type, new: { inputs: { ...inputs, ...fresh } } };
  return { sequence: 0, timestamp: 0, resourcePreEvent: { metadata } } as unknown as EngineEvent;
}

function failed(message: string): EngineEvent {
  const diagnosticEvent = { severity: "error", message, color: "never" };
  return { sequence: 0, timestamp: 0, diagnosticEvent } as unknown as EngineEvent;
}

async function main(): Promise<void> {
  const started = performance.now();
  const report = await previewOnMocks(stack, settingsOf(`Pulumi.${stack}.yaml`));
  const text = markdown(report);
  console.error(
    `The report that a merge request would get for a first deployment of the stack ${stack}. It is made on mocks: nobody has\n` +
      "asked AWS or GitLab, and no engine has run. What the stack's file leaves to its user (checksums, the network of an\n" +
      "administrator) is an example.\n",
  );
  process.stdout.write(process.stdout.isTTY ? readable(text) : text);
  console.error(`\nMade on mocks in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
  if (report.errors.length > 0) process.exitCode = 1;
}

if (require.main === module) void main();
