import type { HttpProxy } from "../settings/http-proxy";
import { unitProxy } from "./http-proxy";
import { paths } from "./paths";

export interface ReportUnitArgs {
  region: string;
  /** Dimensions of the metrics. */
  stack: string;
  instanceId: string;
  cluster: string;
  /** Port of the runner's Prometheus endpoint. */
  metricsPort: number;
  /** Whether it tells of spot capacity too. */
  spot: boolean;
  httpProxy?: HttpProxy;
}

/** Puts the host's and the cluster's metrics, once a call. It has a user of its own: tokens are out of its reach. */
export function reportService(args: ReportUnitArgs): string {
  const { region, stack, instanceId, cluster, metricsPort, spot, httpProxy } = args;
  const names = `--region ${region} --stack ${stack} --host ${instanceId} --cluster ${cluster}${spot ? " --spot" : ""}`;
  return `# Written by the deployment; changes are lost.
[Unit]
Description=Report the state of GitLab Runner and its tasks to CloudWatch
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
DynamicUser=yes
StateDirectory=gitlab-runner-report
${unitProxy(httpProxy)}ExecStart=${paths.monitor} report ${names} --runner http://127.0.0.1:${metricsPort}/metrics
TimeoutStartSec=50s
NoNewPrivileges=yes
`;
}

/** Calls it once a minute, at the same second: alarms count minutes. */
export function reportTimer(): string {
  return `# Written by the deployment; changes are lost.
[Unit]
Description=Report the state of GitLab Runner and its tasks to CloudWatch, every minute

[Timer]
OnCalendar=*:*:15
AccuracySec=1s

[Install]
WantedBy=timers.target
`;
}

/** Units whose journal goes to the runner's log group. */
const shipped = ["gitlab-runner.service", "gitlab-runner-reap.service", "gitlab-runner-report.service"];

export interface LogUnitArgs {
  region: string;
  logGroup: string;
  /** Names the log stream. */
  instanceId: string;
  /** Hash of the monitor's sources. It makes the unit another one, so that a changed monitor is started anew. */
  sources: string;
  httpProxy?: HttpProxy;
}

/** Copies the runner's journal to CloudWatch Logs. It has a user of its own, which may read the journal. */
export function logService({ region, logGroup, instanceId, sources, httpProxy }: LogUnitArgs): string {
  const units = shipped.map((unit) => `--unit ${unit}`).join(" ");
  return `# Written by the deployment; changes are lost.
# Sources ${sources}
[Unit]
Description=Copy GitLab Runner's log to CloudWatch Logs
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
DynamicUser=yes
SupplementaryGroups=systemd-journal
StateDirectory=gitlab-runner-log
${unitProxy(httpProxy)}ExecStart=${paths.monitor} ship-log --region ${region} --log-group ${logGroup} --stream ${instanceId} ${units}
Restart=always
RestartSec=5
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
`;
}
