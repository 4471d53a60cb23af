import * as pulumi from "@pulumi/pulumi";
import { folders } from "../project";
import type { HttpProxy } from "../settings/http-proxy";
import { sourceHash } from "../source-hash";
import { HostCommands, type Connection, type Script } from "./host-commands";
import * as scripts from "./monitor-scripts";
import { logService, reportService, reportTimer } from "./monitor-units";
import { paths } from "./paths";

export interface HostMonitorArgs {
  /** With the host's key. */
  readonly connection: Connection;
  /** Names the host in metrics and its log stream. When it is another one, the monitor is set up again. */
  readonly instanceId: pulumi.Input<string>;
  readonly region: pulumi.Input<string>;
  readonly clusterName: pulumi.Input<string>;
  readonly logGroupName: pulumi.Input<string>;
  /** Port of the runner's Prometheus endpoint. */
  readonly metricsPort: number;
  /** Whether it puts metrics. */
  readonly metrics: boolean;
  /** Whether its metrics tell of spot capacity too. */
  readonly spot: boolean;
  /**
   * GOPROXY of its build.
   * @default Go's own
   */
  readonly goProxy?: string;
  /** Of its build and of its own calls. */
  readonly httpProxy?: HttpProxy;
  /** The runner and Go, which come first: a small host has no memory for two builds at once. */
  readonly needs: readonly pulumi.Resource[];
}

/** Brings a host's log, and where wanted its metrics, to CloudWatch. */
export class HostMonitor extends pulumi.ComponentResource {
  constructor(name: string, args: HostMonitorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gitlab-fargate-runners:index:HostMonitor", name, {}, opts);
    const host = new HostCommands(this, { name, connection: args.connection, instanceId: args.instanceId });
    // The monitor is compiled from this project's own driver/, whatever the driver of the jobs is compiled from.
    const sources = sourceHash(folders.driver);
    const folder = host.run("monitor-folder", { create: scripts.createMonitorFolder() }, args.needs);
    const source = host.copy("monitor-source", folders.driver, `${paths.monitorSources}/${sources}`, [folder]);
    const build = scripts.buildMonitor(sources, args.goProxy, args.httpProxy);
    const program = host.run("monitor", { create: build }, [source]);
    host.run("log", logShipper(args, sources), [program]);
    host.run("report", args.metrics ? metricsReport(args) : { create: scripts.stopReport() }, [program]);
    this.registerOutputs({});
  }
}

function logShipper({ region, logGroupName, instanceId, httpProxy }: HostMonitorArgs, sources: string): Script {
  const create = pulumi
    .output({ region, logGroup: logGroupName, instanceId })
    .apply((names) => scripts.startLog(logService({ ...names, sources, httpProxy })));
  return { create };
}

function metricsReport(args: HostMonitorArgs): Script {
  const { region, clusterName, instanceId, metricsPort, spot, httpProxy } = args;
  const stack = pulumi.getStack();
  const create = pulumi
    .output({ region, cluster: clusterName, instanceId })
    .apply((names) => reportService({ ...names, stack, metricsPort, spot, httpProxy }))
    .apply((service) => scripts.startReport(service, reportTimer()));
  return { create };
}
