/** The real aws provider as a plugin of an engine, in the place of the attached stand-in. */
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import { awsPluginFolder } from "./setup/artifacts/aws-provider";

/**
 * @param home the engine's PULUMI_HOME
 * @param executable the plugin's
 * @param endpoint of AWS
 * @returns what the engine's environment has to have for it
 */
export function installAwsPlugin(home: string, executable: string, endpoint: string): NodeJS.ProcessEnv {
  // The engine follows no links to folders of plugins.
  const folder = path.join(home, "plugins", awsPluginFolder);
  const file = path.join(folder, path.basename(executable));
  mkdirSync(folder, { recursive: true });
  rmSync(file, { force: true });
  symlinkSync(executable, file);
  return {
    AWS_ENDPOINT_URL: endpoint,
    // S3 Control puts the account before the endpoint's host, which then is a name that nobody resolves.
    HTTP_PROXY: endpoint,
  };
}
