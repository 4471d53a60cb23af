/** What a stand-in for a package of resources is made of: tables of resources and functions. */
import type { AutoName } from "./names";
import type { Path, Props } from "./values";

/** Writes one line for the user of the deployment, attached to the resource. */
export interface ResourceLog {
  info(message: string): void;
  warn(message: string): void;
  /** Shown beside the resource while it is worked on, not kept. */
  status(message: string): void;
}

/** What every operation is given. `config` is the provider's own configuration, nested values parsed. */
export interface Context {
  config: Props;
  log: ResourceLog;
  /** Ends when the deployment is cancelled, and when the engine's run is over. */
  signal: AbortSignal;
  /** Of the engine's process. */
  environment(): NodeJS.ProcessEnv;
  urn: string;
  /** The resource's logical name. */
  name: string;
}

export interface CheckFailure {
  /** Path of the wrong property; empty for the resource as a whole. */
  property: string;
  reason: string;
}

export interface Checked {
  inputs: Props;
  failures?: CheckFailure[];
}

/** Thrown by `create` or `update` when the thing exists but is not what it should be: it is kept in the stack's state. */
export class PartialFailure extends Error {
  override readonly name = "PartialFailure";
  constructor(
    message: string,
    readonly id: string,
    readonly outputs: Props,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** All values arrive plain (secret marks off) and known, except in `check` and `diff`, where they may be unknown. */
export interface Resource {
  autoName?: AutoName;
  /** Property names of which a change needs a new resource, or the rule that tells it of what has changed. */
  replaceOn?:
    readonly string[] | ((changed: Path, inputs: Props, state: Props, context: Context) => boolean | Promise<boolean>);
  /**
   * Inputs that the real schema has as optional and computed, with the state in the place of what is not given: one that
   * is left out is no change, and keeps the value that it had.
   */
  computed?: readonly string[];
  /** Property names that are no change when they differ. */
  ignoreInDiff?: readonly string[];
  /** Outputs that are secret whatever the inputs are. */
  secretOutputs?: readonly string[];
  /** Inputs that the schema declares secret: names, or paths to what is inside. */
  secretInputs?: readonly (string | Path)[];
  /** Outputs that an update may change: unknown in its preview. */
  changedByUpdate?: readonly string[] | ((state: Props, inputs: Props) => readonly string[]);
  /** The old one has to go before the new one can be made. */
  deleteBeforeReplace?: boolean;
  /** Validates and completes inputs. No side effects. */
  check?(inputs: Props, context: Context, olds: Props | undefined): Checked | Promise<Checked>;
  /** Names of further properties that changed, beside those that differ between the inputs. */
  diff?(state: Props, inputs: Props, context: Context): string[] | Promise<string[]>;
  create(inputs: Props, context: Context): Promise<{ id: string; outputs: Props }>;
  /** The state as it is, or undefined where the thing is gone. */
  read?(id: string, state: Props, context: Context, inputs?: Props): Promise<Props | undefined>;
  /** Missing: every change replaces. */
  update?(id: string, state: Props, inputs: Props, context: Context): Promise<Props>;
  delete(id: string, state: Props, context: Context): Promise<void>;
}

export type Invoke = (args: Props, context: Omit<Context, "urn" | "name">) => Promise<Props>;

/** One package (its name as in `pulumi.Config` and in tokens) with its resources and functions by token. */
export interface Package {
  name: string;
  version: string;
  resources: Record<string, Resource>;
  functions: Record<string, Invoke>;
  /** What is wrong with the provider's configuration, told before anything is asked of it. */
  checkConfig?(config: Props): CheckFailure[];
  /** Throws where a provider of this configuration cannot work. */
  configure?(context: Pick<Context, "config" | "signal">): Promise<void>;
}
