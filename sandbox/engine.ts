/** The stock Pulumi CLI on the sandbox's stack: file backend, attached providers, nothing outside the sandbox's folder. */
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import { installAwsPlugin } from "./aws-plugin";
import { attempt, run, type CommandOptions } from "./command";
import { awsEndpoint, projectDir, stackName, stateDir } from "./config";
import type { Status } from "./control/protocol";
import { prepareArtifacts, prepareAwsProvider } from "./setup";
import { withoutProxies } from "./world/namespaces";

/** Opens the secrets of the committed Pulumi.sandbox.yaml, which are good for nothing but the sandbox. */
const passphrase = "sandbox";

/**
 * Variables of the caller that would take the CLI somewhere else than to the sandbox. Those that spare the engine the
 * state's file after each step (a thousand times a file of a thousand resources) do not.
 */
const foreign = /^(PULUMI_(?!EXPERIMENTAL$|SKIP_CHECKPOINTS$)|AWS_|GITLAB_|DOCKER_HOST$|BUILDKIT_HOST$|NODE_OPTIONS$)/;

/**
 * Environment of a Pulumi CLI that works on the sandbox.
 * @param debugProviders "aws:PORT,…", the provider servers that the daemon runs
 */
export async function engineEnvironment(debugProviders: string): Promise<NodeJS.ProcessEnv> {
  const { pulumiHome, pulumiVersion } = await prepareArtifacts({ onProgress: () => {} });
  const own = Object.fromEntries(
    Object.entries(withoutProxies()).filter(([name]) => !foreign.test(name) || name === "AWS_CA_BUNDLE"),
  );
  const home = writableHome(pulumiHome);
  // Where no stand-in for aws is attached, the engine looks for the provider itself.
  const isAttached = /(^|,)aws:/.test(debugProviders);
  const plugin = isAttached ? {} : installAwsPlugin(home, await prepareAwsProvider({ onProgress() {} }), awsEndpoint);
  return {
    ...own,
    PULUMI_HOME: home,
    // The one that was built; the npm package would download its own version.
    PULUMI_VERSION: pulumiVersion,
    PULUMI_BACKEND_URL: `file://${path.join(stateDir, "pulumi")}`,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_DEBUG_PROVIDERS: debugProviders,
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // For what calls AWS beside the engine: automation/ after a deployment.
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_ACCESS_KEY_ID: "sandbox",
    AWS_SECRET_ACCESS_KEY: "sandbox",
    ...plugin,
  };
}

/** The CLI writes workspaces and credentials into its home: one of the sandbox's own, with the cached versions in it. */
function writableHome(cached: string): string {
  const home = path.join(stateDir, "pulumi-home");
  mkdirSync(path.join(stateDir, "pulumi"), { recursive: true });
  mkdirSync(home, { recursive: true });
  const versions = path.join(home, "versions");
  rmSync(versions, { force: true });
  symlinkSync(path.join(cached, "versions"), versions);
  return home;
}

/** Runs `pulumi ARGS…` in the project's folder with the terminal's input and output; resolves to its exit code. */
export async function runPulumi(status: Status, args: string[], signal?: AbortSignal): Promise<number> {
  const options = { cwd: projectDir, env: await engineEnvironment(status.debugProviders), inside: status.pid };
  await selectStack(options);
  const { exitCode } = await attempt(pulumiEntry, args, {
    ...options,
    terminal: true,
    signal,
    // The engine cancels its steps on SIGINT and leaves its state whole.
    killSignal: "SIGINT",
  });
  return exitCode ?? 1;
}

const pulumiEntry = path.join(projectDir, "node_modules", ".bin", "pulumi");

/** The stack exists and is the selected one, so that `pulumi preview` needs no --stack. */
async function selectStack(options: CommandOptions): Promise<void> {
  if (existsSync(path.join(stateDir, "pulumi-home", "workspaces"))) return;
  await run(pulumiEntry, ["stack", "select", stackName, "--create", "--non-interactive"], options);
}
