/**
 * A stand-in for the `command` provider (1.2.1): commands and copies over SSH, and commands of this machine.
 *
 * Differs from the real one: `local.run`, assets and archives of local commands, and `remote.CopyFile` are missing; a host
 * that vanishes in the middle of a command is noticed by what is sent to it alone, where Go's TCP asks it after 15 s.
 */
import { randomBytes } from "node:crypto";
import * as path from "node:path";
import type { CheckFailure, Context, Package, Resource } from "../framework/definition";
import { compact, hasUnknown, isArchive, isAsset, isObject, UNKNOWN, type Props } from "../framework/values";
import { commandResource } from "./command";
import { connectionOf, dial, withDefaults } from "./connection";
import { copyToRemote, type Source } from "./copy";
import { localCommand } from "./local";
import type { Output } from "./output";
import { runRemote, type Logging } from "./run";

/** `workDir`: the folder that relative paths start from, the engine's own. */
export function commandPackage(options: { workDir: string }): Package {
  return {
    name: "command",
    version: "1.2.1",
    resources: {
      "command:local:Command": localCommand(options.workDir),
      "command:remote:Command": command,
      "command:remote:CopyToRemote": copy(options.workDir),
    },
    functions: {},
  };
}

const command: Resource = {
  ...commandResource(run),
  secretInputs: ["connection"],
  check: (inputs) => checkConnection(inputs),
};

function run(line: string, props: Props, context: Context): Promise<Output> {
  const previous = compact({
    PULUMI_COMMAND_STDOUT: props.stdout || undefined,
    PULUMI_COMMAND_STDERR: props.stderr || undefined,
  });
  return runRemote(
    {
      connection: connectionOf(props),
      command: line,
      stdin: props.stdin as string | undefined,
      environment: (props.environment ?? {}) as Record<string, string>,
      optionalEnvironment: props.addPreviousOutputInEnv === false ? {} : (previous as Record<string, string>),
      logging: (props.logging ?? "stdoutAndStderr") as Logging,
    },
    context,
  );
}

function copy(workDir: string): Resource {
  const transfer = async (inputs: Props, context: Context) => {
    const client = await dial(connectionOf(inputs), context);
    context.signal.addEventListener("abort", () => client.destroy(), { once: true });
    try {
      await copyToRemote(client, sourceOf(inputs, workDir), inputs.remotePath as string);
    } finally {
      client.end();
    }
  };
  return {
    replaceOn: ["triggers"],
    secretInputs: ["connection"],
    check(inputs) {
      const { inputs: completed, failures } = checkConnection(inputs);
      return { inputs: completed, failures: [...failures, ...checkSource(inputs)] };
    },
    async create(inputs, context) {
      await transfer(inputs, context);
      return { id: randomBytes(4).toString("hex"), outputs: inputs };
    },
    async update(_id, state, inputs, context) {
      const moved = state.remotePath !== inputs.remotePath;
      if (moved || hashOf(state) !== hashOf(inputs)) await transfer(inputs, context);
      return inputs;
    },
    // The real provider, too, leaves on the host what it copied there.
    async delete() {},
  };
}

function checkConnection(inputs: Props): { inputs: Props; failures: CheckFailure[] } {
  const { connection } = inputs;
  if (connection === UNKNOWN) return { inputs, failures: [] };
  const missing = !isObject(connection) || connection.host === undefined;
  return {
    inputs: { ...inputs, connection: withDefaults(connection) },
    failures: missing ? [{ property: "connection.host", reason: "Missing required property 'host'" }] : [],
  };
}

function checkSource({ source, remotePath }: Props): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (remotePath === undefined) failures.push({ property: "remotePath", reason: "Missing required property" });
  if (hasUnknown(source)) return failures;
  if (!isAsset(source) && !isArchive(source)) {
    failures.push({ property: "asset", reason: "either asset or archive must be set" });
  } else if (isAsset(source) && source.path === undefined && source.text === undefined) {
    failures.push({ property: "asset", reason: "asset must be a path-based file asset or a text asset" });
  } else if (isArchive(source) && source.path === undefined) {
    failures.push({ property: "archive", reason: "archive must be a path to a file or directory" });
  }
  return failures;
}

function sourceOf({ source }: Props, workDir: string): Source {
  const { text, path: location } = source as { text?: string; path?: string };
  if (location === undefined || location === "") return { kind: "text", text: text ?? "" };
  // path.resolve drops the trailing slash, which says whether the folder itself or its content is copied.
  return { kind: "path", path: path.resolve(workDir, location) + (location.endsWith("/") ? "/" : "") };
}

function hashOf({ source }: Props): unknown {
  return isObject(source) ? source.hash : undefined;
}
