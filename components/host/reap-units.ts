import type { HttpProxy } from "../settings/http-proxy";
import { unitProxy } from "./http-proxy";
import { paths } from "./paths";
import { runnerUser } from "./systemd-unit";

/** The unit that stops tasks which have outlived their jobs, on this host or another one of the stack; once a call. */
export function reapService(proxy?: HttpProxy): string {
  return `# Written by the deployment; changes are lost.
[Unit]
Description=Stop Fargate tasks that have outlived their GitLab jobs
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User=${runnerUser}
${unitProxy(proxy)}ExecStart=${paths.driver} --config ${paths.fargateToml} reap
# Each task has five minutes of its own to be stopped; what is left then is the next call's.
TimeoutStartSec=30min
NoNewPrivileges=yes
PrivateTmp=yes
`;
}

/** Calls it every five minutes, and soon after a boot: the jobs before it are over. */
export function reapTimer(): string {
  return `# Written by the deployment; changes are lost.
[Unit]
Description=Stop Fargate tasks that have outlived their GitLab jobs, every five minutes

[Timer]
OnBootSec=1min
OnUnitActiveSec=5min
# The hosts of a stack ask AWS one after the other.
RandomizedDelaySec=30

[Install]
WantedBy=timers.target
`;
}
