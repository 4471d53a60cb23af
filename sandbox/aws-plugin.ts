/** The real aws provider as a plugin of an engine, in the place of the attached stand-in. */
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import { awsPluginFolder } from "./setup/artifacts/aws-provider";

/**
 * @param home the engine's PULUMI_HOME
 * @param folder the plugin's, as it was built
 * @param endpoint of AWS
 * @returns what the engine's environment has to have for it
 */
export function installAwsPlugin(home: string, folder: string, endpoint: string): NodeJS.ProcessEnv {
  const plugin = path.join(home, "plugins", awsPluginFolder);
  mkdirSync(path.dirname(plugin), { recursive: true });
  rmSync(plugin, { force: true });
  symlinkSync(folder, plugin);
  return {
    AWS_ENDPOINT_URL: endpoint,
    // S3 Control puts the account before the endpoint's host, which then is a name that nobody resolves.
    HTTP_PROXY: endpoint,
  };
}
