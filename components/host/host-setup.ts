import { remote, type types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { DriverSource } from "../look-ups/driver-source";
import * as scripts from "./host-scripts";
import { paths } from "./paths";
import { reapService, reapTimer } from "./reap-units";
import { systemdUnit } from "./systemd-unit";

type Architecture = "x86_64" | "arm64";

interface Archive {
  version: string;
  /** Of the mirror; without a slash at the end. */
  baseUrl: string;
  sha256: string;
}

export interface HostSetupArgs {
  /** Without a host key: it is learnt from the first connection. */
  connection: types.input.remote.ConnectionArgs;
  /** Another host is set up anew, and the one before it drained. */
  instanceId: pulumi.Input<string>;
  architecture: Architecture;
  taskArchitecture: Architecture;
  runner: Archive;
  go: Archive;
  driver: DriverSource;
  /** Where the runner tells its metrics, host:port. */
  metricsAddress: string;
  /** GOPROXY of the driver's build. */
  goProxy: string | undefined;
  /** Content of the file; secret. */
  configToml: pulumi.Input<string>;
  /** Content of the file. */
  fargateToml: pulumi.Input<string>;
  /** What jobs need besides: it is there before the runner starts, and until it has stopped. */
  needs: pulumi.Input<pulumi.Resource>[];
}

/** The runner, the driver, their configuration and the timer of `fargate reap` on a host, set up over SSH. */
export class HostSetup extends pulumi.ComponentResource {
  /** The way to the host; it believes only the host key that the first connection found. */
  connection: types.input.remote.ConnectionArgs;

  constructor(
    private readonly name: string,
    private readonly args: HostSetupArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gitlab-fargate-runners:index:HostSetup", name, {}, opts);
    this.connection = args.connection;
    const folders = this.run("folders", { create: scripts.createFolders() });
    // The first connection believes any host and brings it nothing secret; all others, in this deployment and later ones,
    // believe only the host that it found.
    this.connection = {
      ...args.connection,
      hostKey: folders.stdout.apply((key) => key || undefined),
    } as typeof args.connection;
    const runner = this.installRunner(folders);
    const driverBuild = scripts.buildDriver(args.driver.hash, args.goProxy, goArch(args.taskArchitecture));
    const driver = this.buildDriver(driverBuild, folders);
    const configToml = this.run(
      "config-toml",
      { create: scripts.writeConfigToml(), stdin: pulumi.secret(args.configToml) },
      runner,
    );
    const fargateToml = this.run(
      "fargate-toml",
      { create: scripts.writeFargateToml(driverBuild), stdin: args.fargateToml },
      driver,
    );
    this.run(
      "service",
      {
        create: scripts.startService(),
        update: scripts.restartService(),
        delete: scripts.drainService(),
        stdin: systemdUnit(args.runner, args.metricsAddress),
      },
      configToml,
      fargateToml,
      ...args.needs,
    );
    this.run(
      "reap",
      { create: scripts.startReaper(reapService(), reapTimer()), delete: scripts.stopReaper() },
      fargateToml,
      ...args.needs,
    );
    this.registerOutputs({});
  }

  private installRunner(folders: pulumi.Resource): remote.Command {
    const { version, baseUrl, sha256 } = this.args.runner;
    const url = `${baseUrl}/v${version}/binaries/gitlab-runner-linux-${goArch(this.args.architecture)}`;
    return this.run(
      "runner",
      { create: scripts.installRunner({ url, sha256, setting: "host.runner.sha256" }) },
      folders,
    );
  }

  private buildDriver(create: string, folders: pulumi.Resource): remote.Command {
    const { version, baseUrl, sha256 } = this.args.go;
    const url = `${baseUrl}/go${version}.linux-${goArch(this.args.architecture)}.tar.gz`;
    const go = this.run("go", { create: scripts.installGo({ url, sha256, setting: "host.go.sha256" }) }, folders);
    const { folder, hash } = this.args.driver;
    const source = new remote.CopyToRemote(
      `${this.name}-driver-source`,
      {
        connection: this.connection,
        // The slash at its end copies the folder's content in the place of the folder.
        source: new pulumi.asset.FileArchive(folder),
        // A folder for each content: nothing of an earlier driver can be left in it.
        remotePath: `${paths.sources}/${hash}`,
        triggers: [this.args.instanceId],
      },
      { parent: this, dependsOn: folders },
    );
    return this.run("driver", { create }, go, source);
  }

  private run(
    suffix: string,
    command: Pick<remote.CommandArgs, "create" | "update" | "delete" | "stdin">,
    ...after: pulumi.Input<pulumi.Resource>[]
  ): remote.Command {
    return new remote.Command(
      `${this.name}-${suffix}`,
      {
        connection: this.connection,
        triggers: [this.args.instanceId],
        addPreviousOutputInEnv: false,
        ...command,
      },
      // The provider takes no output for secret, whatever the command was given.
      { parent: this, dependsOn: after, additionalSecretOutputs: ["stdout", "stderr"] },
    );
  }
}

const goArch = (architecture: Architecture): scripts.GoArch => (architecture === "arm64" ? "arm64" : "amd64");
