/** The commands that set up a host's monitor; the rules of host-scripts.ts hold here too. */
import type { HttpProxy } from "../settings/http-proxy";
import { build, goEnvironment, script, swapIn, writePlain } from "./host-scripts";
import { paths } from "./paths";

export const createMonitorFolder = (): string =>
  script(`sudo install -d -o "$(id -un)" -g "$(id -gn)" -m 0755 ${paths.monitorSources}`);

/** Compiles the monitor from a folder below `paths.monitorSources` and forgets the sources of earlier ones. */
export function buildMonitor(folder: string, goProxy?: string, httpProxy?: HttpProxy): string {
  const binary = `${paths.monitorSources}/host-monitor`;
  return script(
    `cd ${paths.monitorSources}/${folder}`,
    ...goEnvironment(goProxy, httpProxy),
    `${build} -o ${binary} ./cmd/host-monitor`,
    ...swapIn(binary, paths.monitor),
    `find ${paths.monitorSources} -mindepth 1 -maxdepth 1 ! -name ${folder} -exec rm -rf {} +`,
  );
}

export const startLog = (service: string): string =>
  script(
    writePlain(paths.logService, service),
    "sudo systemctl daemon-reload",
    "sudo systemctl enable gitlab-runner-log.service",
    "sudo systemctl restart gitlab-runner-log.service",
  );

/** Reports at once, too: the alarms that come next find a heartbeat. */
export const startReport = (service: string, timer: string): string =>
  script(
    writePlain(paths.reportService, service),
    writePlain(paths.reportTimer, timer),
    "sudo systemctl daemon-reload",
    "sudo systemctl enable gitlab-runner-report.timer",
    "sudo systemctl restart gitlab-runner-report.timer",
    "sudo systemctl start gitlab-runner-report.service ||",
    "  echo 'the first report failed: journalctl --unit gitlab-runner-report.service' >&2",
  );

/** Where metrics are not wanted any more. */
export const stopReport = (): string =>
  script(
    "if systemctl cat gitlab-runner-report.timer > /dev/null 2>&1; then",
    "  sudo systemctl disable --now gitlab-runner-report.timer",
    "  sudo systemctl stop gitlab-runner-report.service",
    "fi",
  );
