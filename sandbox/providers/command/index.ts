/**
 * A stand-in for the `command` provider (1.2.1): commands and copies over SSH, and commands of this machine.
 *
 * Differs from the real one: `local.run`, assets and archives of local commands, and `remote.CopyFile` are missing, and
 * what the program does not use is refused: environments, logging, passwords, copies but of a folder's content. A host
 * that vanishes in the middle of a command is noticed by what is sent to it alone, where Go's TCP asks it after 15 s.
 */
import { randomBytes } from "node:crypto";
import * as path from "node:path";
import type { CheckFailure, Context, Package, Resource } from "../framework/definition";
import { hasUnknown, isArchive, isObject, UNKNOWN, type Props } from "../framework/values";
import { commandResource } from "./command";
import { connectionOf, dial, withDefaults } from "./connection";
import { copyToRemote } from "./copy";
import { localCommand } from "./local";
import type { Output } from "./output";
import { runRemote } from "./run";

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
  check(given) {
    const { inputs, failures } = checkConnection(given);
    return { inputs, failures: [...failures, ...unknownOptions(given)] };
  },
};

function run(line: string, props: Props, context: Context): Promise<Output> {
  return runRemote(
    { connection: connectionOf(props), command: line, stdin: props.stdin as string | undefined },
    context,
  );
}

/** What no command of the program asks for. */
function unknownOptions({ environment, logging, addPreviousOutputInEnv }: Props): CheckFailure[] {
  const given = { environment, logging, ...(addPreviousOutputInEnv !== false && { addPreviousOutputInEnv: true }) };
  return refuse(given);
}

const refuse = (properties: Record<string, unknown>, prefix = ""): CheckFailure[] =>
  Object.entries(properties).flatMap(([name, value]) =>
    value === undefined ? [] : [{ property: prefix + name, reason: "not known to the stand-in for command" }],
  );

function copy(workDir: string): Resource {
  const transfer = async (inputs: Props, context: Context) => {
    const client = await dial(connectionOf(inputs), context);
    context.signal.addEventListener("abort", () => client.destroy(), { once: true });
    try {
      await copyToRemote(client, folderOf(inputs, workDir), inputs.remotePath as string);
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
  const { host, proxy, ...rest } = isObject(connection) ? connection : {};
  const logins = [rest, ...(isObject(proxy) ? [proxy] : [])];
  return {
    inputs: { ...inputs, connection: withDefaults(connection) },
    failures: [
      ...(host === undefined ? [{ property: "connection.host", reason: "Missing required property 'host'" }] : []),
      ...logins.flatMap(({ password, privateKeyPassword, agentSocketPath }) =>
        refuse({ password, privateKeyPassword, agentSocketPath }, "connection."),
      ),
    ],
  };
}

function checkSource({ source, remotePath }: Props): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (remotePath === undefined) failures.push({ property: "remotePath", reason: "Missing required property" });
  const isContent = isArchive(source) && typeof source.path === "string" && source.path.endsWith("/");
  if (hasUnknown(source) || isContent) return failures;
  return [...failures, { property: "source", reason: "the stand-in for command copies the content of a folder alone" }];
}

function folderOf({ source }: Props, workDir: string): string {
  return path.resolve(workDir, (source as { path: string }).path);
}

function hashOf({ source }: Props): unknown {
  return isObject(source) ? source.hash : undefined;
}
