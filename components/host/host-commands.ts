import { remote, type types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { forEngine } from "../project";

/** How the deployment reaches a host by SSH. */
export type Connection = types.input.remote.ConnectionArgs;

export interface RemoteHost {
  /** The names of the host's commands begin with it. */
  readonly name: string;
  readonly connection: Connection;
  /** When the instance is another one, everything is done again. */
  readonly instanceId: pulumi.Input<string>;
}

export type Script = Pick<remote.CommandArgs, "create" | "update" | "stdin">;

type Prerequisites = readonly pulumi.Input<pulumi.Resource>[];

/** Runs scripts on one host and copies folders to it, as resources of a component. */
export class HostCommands {
  constructor(
    private readonly component: pulumi.Resource,
    private readonly host: RemoteHost,
  ) {}

  /**
   * @param after what has to be there before the script runs
   * @param once the script runs once for each instance, whatever changes later in itself or in the connection
   */
  run(suffix: string, script: Script, after: Prerequisites = [], once = false): remote.Command {
    const { name, connection, instanceId } = this.host;
    return new remote.Command(
      `${name}-${suffix}`,
      { connection, triggers: [instanceId], addPreviousOutputInEnv: false, ...script },
      {
        parent: this.component,
        dependsOn: [...after],
        // The provider takes no output for secret, whatever the command was given.
        additionalSecretOutputs: ["stdout", "stderr"],
        ignoreChanges: once ? ["connection", "create"] : [],
      },
    );
  }

  /** Copies the content of a folder, which is given by its absolute path. */
  copy(suffix: string, folder: string, remotePath: string, after: Prerequisites = []): remote.CopyToRemote {
    const { name, connection, instanceId } = this.host;
    // With a slash at its end, the path stands for the folder's content and not for the folder.
    const source = new pulumi.asset.FileArchive(`${forEngine(folder)}/`);
    return new remote.CopyToRemote(
      `${name}-${suffix}`,
      { connection, source, remotePath, triggers: [instanceId] },
      { parent: this.component, dependsOn: [...after] },
    );
  }
}
