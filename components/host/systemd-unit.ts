import type { HttpProxy } from "../settings/http-proxy";
import { unitProxy } from "./http-proxy";
import { paths } from "./paths";

/** The runner's user; the driver runs as it too. */
export const runnerUser = "gitlab-runner";

/**
 * The unit of gitlab-runner. A stop lets running jobs finish (SIGQUIT, to the runner alone), for up to a day.
 * A drain has a bound of its own (drain/).
 *
 * @param runner what is installed: a change of it changes the unit, and so restarts the runner
 * @param metricsAddress of the Prometheus endpoint, host:port. It is not in config.toml, as the runner reads it only
 * when it starts
 * @param proxy of the runner and of the driver, which gets the runner's environment
 */
export function systemdUnit(
  runner: { version: string; sha256: string },
  metricsAddress: string,
  proxy?: HttpProxy,
): string {
  const options = `--config ${paths.configToml} --working-directory ${paths.state} --listen-address ${metricsAddress}`;
  return `# Written by the deployment; changes are lost.
# gitlab-runner ${runner.version}, SHA-256 ${runner.sha256}
[Unit]
Description=GitLab Runner
Documentation=https://docs.gitlab.com/runner/
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
User=${runnerUser}
WorkingDirectory=${paths.state}
${unitProxy(proxy)}ExecStart=${paths.runner} run ${options}
ExecReload=/bin/kill -HUP $MAINPID
KillSignal=SIGQUIT
# The signal is for the runner only: drivers that got it too would cut their jobs short.
KillMode=mixed
TimeoutStopSec=1d
Restart=always
RestartSec=5
LimitNOFILE=65536
NoNewPrivileges=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`;
}
