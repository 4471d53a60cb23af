/**
 * One stack through Pulumi's Automation API: previewed, deployed, destroyed, with the engine's events as they come.
 * The CLI is the first on PATH, which for npm's scripts is the packages' own (scripts/run.mjs), and the backend whatever
 * the environment or its login says (PULUMI_BACKEND_URL).
 */
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import {
  CommandError,
  ConcurrentUpdateError,
  type EngineEvent,
  LocalWorkspace,
  Stack,
  StackNotFoundError,
} from "@pulumi/pulumi/automation";
import { gitlabApiUrl } from "../components/settings/defaults";
import { UserError } from "./errors";
import { lastWords } from "./last-words";
import { holders, type LockHolder } from "./lock";
import { withoutDeadAgent } from "./ssh-agent";

/** The repository's root. */
export const projectDir = path.resolve(__dirname, "..");

export interface StackOptions {
  stack: string;
  /** Stack file to read in the place of Pulumi.STACK.yaml. */
  configFile?: string;
  onEvent(event: EngineEvent): void;
  signal?: AbortSignal;
}

export interface UpdateOptions extends StackOptions {
  lock: {
    /** How long to wait for somebody else's deployment of the stack, in ms; 0: not at all. */
    patience: number;
    /** How long between two tries, in ms. */
    interval: number;
    /** Told once for each holder. */
    onWait(holder: LockHolder): void;
  };
}

export interface EngineResult {
  events: EngineEvent[];
  /** What the CLI said; undefined: it succeeded. */
  failure?: string;
}

/**
 * A preview keeps no state. Without this, the engine serializes all of it anew after each step, and throws it away: a
 * third of the time with hundreds of runners. Never for what deploys, whose state would be lost in a crash.
 */
export const previewEnvironment = { PULUMI_SKIP_CHECKPOINTS: "true" };

/** What the next deployment would do. It takes no lock and changes nothing. */
export function previewStack(options: StackOptions): Promise<EngineResult> {
  const { configFile } = options;
  return collect(options, (stack, shared) => stack.preview({ ...shared, configFile }), previewEnvironment);
}

/** @throws UserError when somebody else holds the stack's lock for longer than the patience given */
export function deployStack(options: UpdateOptions): Promise<EngineResult> {
  const { configFile } = options;
  return waitingForLock(options, () =>
    collect(options, (stack, shared) => stack.up({ ...shared, configFile, showSecrets: false, suppressOutputs: true })),
  );
}

/** What {@link destroyStack} would do; it changes nothing. */
export function previewDestroy(options: UpdateOptions): Promise<EngineResult> {
  const { configFile } = options;
  return waitingForLock(options, () =>
    // The SDK's own previewDestroy hands no events on.
    collect(options, (stack, shared) =>
      stack.destroy({ ...shared, configFile, showSecrets: false, previewOnly: true }),
    ),
  );
}

/** As {@link deployStack}; takes everything down that the stack consists of. */
export function destroyStack(options: UpdateOptions): Promise<EngineResult> {
  const { configFile } = options;
  return waitingForLock(options, () =>
    collect(options, (stack, shared) => stack.destroy({ ...shared, configFile, showSecrets: false })),
  );
}

/** What is deployed, as the stack's state has it. */
export interface Deployed {
  stack: string;
  /** ARNs of the task definitions. */
  definitions: string[];
  /** Of the task definitions; undefined where there are none. */
  region?: string;
  /** Of AWS's configuration files, where the stack names one. */
  profile?: string;
}

interface StateResource {
  type: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

export async function readDeployed(options: Pick<StackOptions, "stack">): Promise<Deployed> {
  const { deployment } = await (await openStack(options)).exportStack();
  const { resources = [] } = (deployment ?? {}) as { resources?: StateResource[] };
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);
  const definitions = ofType("aws:ecs/taskDefinition:TaskDefinition").map(({ outputs }) => String(outputs?.arn));
  const [profile] = ofType("pulumi:providers:aws").map(({ inputs }) => inputs?.profile);
  return {
    stack: options.stack,
    definitions,
    region: definitions[0]?.split(":")[3],
    profile: typeof profile === "string" ? profile : undefined,
  };
}

/** What is deployed, as far as a job on one of its runners has to know. */
export interface StackFacts {
  /** GitLab's ids of the stack's runners. */
  runners: string[];
  /** GitLab's API. */
  gitlabUrl: string;
}

export async function stackFacts(name: string): Promise<StackFacts> {
  const stack = await openStack({ stack: name });
  const [{ runners }, config] = await Promise.all([stack.outputs(), stack.getAllConfig()]);
  return {
    runners: Object.values((runners?.value ?? {}) as Record<string, string>),
    gitlabUrl: config["gitlab:baseUrl"]?.value ?? process.env.GITLAB_BASE_URL ?? gitlabApiUrl,
  };
}

interface SharedOptions {
  onEvent(event: EngineEvent): void;
  color: "never";
  suppressProgress: boolean;
  signal?: AbortSignal;
}

async function collect(
  options: StackOptions,
  work: (stack: Stack, shared: SharedOptions) => Promise<unknown>,
  variables: Record<string, string> = {},
): Promise<EngineResult> {
  const events: EngineEvent[] = [];
  const onEvent = (event: EngineEvent) => {
    events.push(event);
    options.onEvent(event);
  };
  const stack = await openStack(options, variables);
  // The SDK heeds only what is aborted while the CLI runs.
  options.signal?.throwIfAborted();
  try {
    await work(stack, { onEvent, color: "never", suppressProgress: true, signal: options.signal });
    return { events };
  } catch (error) {
    if (error instanceof ConcurrentUpdateError || !(error instanceof CommandError)) throw error;
    return { events, failure: lastWords(error.message) };
  }
}

async function openStack(
  { stack }: Pick<StackOptions, "stack">,
  variables: Record<string, string> = {},
): Promise<Stack> {
  try {
    const envVars = { ...variables, ...(await withoutDeadAgent()) };
    const workspace = await LocalWorkspace.create({ workDir: projectDir, envVars });
    return await Stack.select(stack, workspace);
  } catch (error) {
    if (error instanceof StackNotFoundError) {
      throw new UserError(`no stack '${stack}' in this backend; make it: npx pulumi stack init ${stack}`);
    }
    if (error instanceof CommandError) throw new UserError(`the Pulumi CLI: ${lastWords(error.message)}`);
    throw error;
  }
}

async function waitingForLock<T>({ lock, signal }: UpdateOptions, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + lock.patience;
  const told = new Set<string>();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConcurrentUpdateError)) throw error;
      const holder = holders(error.message);
      signal?.throwIfAborted();
      if (Date.now() >= deadline) {
        throw new UserError(
          `somebody else is deploying this stack: ${holder.text}. Wait for it, or, when it is gone for good, remove the ` +
            "lock: npx pulumi cancel",
        );
      }
      if (!told.has(holder.text)) lock.onWait(holder);
      told.add(holder.text);
      // Neither the file and bucket backends nor the service tell when a lock is let go.
      const wait = Math.min(lock.interval, Math.max(0, deadline - Date.now()));
      await setTimeout(wait, undefined, { signal }).catch(() => signal!.throwIfAborted());
    }
  }
}
