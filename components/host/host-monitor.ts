import { remote, type types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as scripts from "./monitor-scripts";
import { logService, reportService, reportTimer } from "./monitor-units";
import { paths } from "./paths";
import { folders, relative } from "../project";
import { sourceHash } from "../source-hash";

export interface HostMonitorArgs {
  connection: types.input.remote.ConnectionArgs;
  /** Names the host in metrics and its log stream; another host is set up anew. */
  instanceId: pulumi.Input<string>;
  region: pulumi.Input<string>;
  clusterName: pulumi.Input<string>;
  logGroupName: pulumi.Input<string>;
  /** Port of the runner's Prometheus endpoint. */
  metricsPort: number;
  /** Whether it puts metrics. */
  metrics: boolean;
  /** GOPROXY of its build. */
  goProxy: string | undefined;
  /** What is there before: the runner and Go. Two builds at once would be too much for a small host's memory. */
  needs: pulumi.Resource[];
}

/** Brings a host's log, and where wanted its metrics, to CloudWatch. */
export class HostMonitor extends pulumi.ComponentResource {
  constructor(
    private readonly name: string,
    private readonly args: HostMonitorArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gitlab-fargate-runners:index:HostMonitor", name, {}, opts);
    const sources = sourceHash(folders.driver);
    const program = this.build(sources);
    const { region, logGroupName: logGroup, instanceId } = args;
    this.run(
      "log",
      {
        create: pulumi
          .all([region, logGroup, instanceId])
          .apply(([region, logGroup, instanceId]) =>
            scripts.startLog(logService({ region, logGroup, instanceId, sources })),
          ),
        delete: scripts.stopLog(),
      },
      program,
    );
    if (args.metrics) this.report(program);
    this.registerOutputs({});
  }

  /** From this project's own driver/, whatever the driver of the jobs is compiled from. */
  private build(sources: string): remote.Command {
    const folder = this.run("monitor-folder", { create: scripts.createMonitorFolder() }, ...this.args.needs);
    const source = new remote.CopyToRemote(
      `${this.name}-monitor-source`,
      {
        connection: this.args.connection,
        // The slash at its end copies the folder's content in the place of the folder.
        source: new pulumi.asset.FileArchive(`${relative(folders.driver)}/`),
        remotePath: `${paths.monitorSources}/${sources}`,
        triggers: [this.args.instanceId],
      },
      { parent: this, dependsOn: folder },
    );
    return this.run("monitor", { create: scripts.buildMonitor(sources, this.args.goProxy) }, source);
  }

  private report(program: pulumi.Resource): void {
    const { region, clusterName: cluster, instanceId, metricsPort } = this.args;
    const stack = pulumi.getStack();
    const create = pulumi
      .all([region, cluster, instanceId])
      .apply(([region, cluster, instanceId]) =>
        scripts.startReport(reportService({ region, stack, instanceId, cluster, metricsPort }), reportTimer()),
      );
    this.run("report", { create, delete: scripts.stopReport() }, program);
  }

  private run(
    suffix: string,
    command: Pick<remote.CommandArgs, "create" | "delete">,
    ...after: pulumi.Resource[]
  ): remote.Command {
    const { connection, instanceId } = this.args;
    return new remote.Command(
      `${this.name}-${suffix}`,
      { connection, triggers: [instanceId], addPreviousOutputInEnv: false, ...command },
      { parent: this, dependsOn: after, additionalSecretOutputs: ["stdout", "stderr"] },
    );
  }
}
