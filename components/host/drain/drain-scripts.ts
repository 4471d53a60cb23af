/** What a drain runs on a host; the rules of host-scripts.ts hold here too. */
import { script } from "../host-scripts";

const service = "gitlab-runner.service";

/** The addresses of the jobs for which a driver works at the moment, one a line. */
export const runningJobs = (): string =>
  script(
    // Processes end while they are looked at.
    "{ sudo sh -c 'cat /proc/[0-9]*/environ' 2> /dev/null || true; } |",
    "  tr '\\0' '\\n' | sed -n 's/^CUSTOM_ENV_CI_JOB_URL=//p' | sort -u",
  );

/** The runner gets its SIGQUIT: it takes no new job, and ends with the running ones. Nobody waits for that here. */
export const takeNoJobs = (): string =>
  script(
    `if systemctl cat ${service} > /dev/null 2>&1; then`,
    `  sudo systemctl disable ${service}`,
    `  sudo systemctl --no-block stop ${service}`,
    "fi",
  );

/** Prints "running" until the runner has ended. */
export const runnerState = (): string =>
  script(
    `case $(systemctl show --property ActiveState --value ${service}) in`,
    "  inactive | failed) echo over ;;",
    "  *) echo running ;;",
    "esac",
  );

/** SIGTERM, after SIGQUIT: the runner ends its jobs, and their drivers stop the tasks. */
export const endJobs = (): string =>
  script(
    `sudo systemctl kill --kill-who=main --signal=SIGTERM ${service} || true`,
    // Drivers have five minutes to stop their tasks (shutdown_timeout in config.toml).
    `sudo timeout 330 systemctl stop ${service} || sudo systemctl kill --signal=SIGKILL ${service}`,
  );

/** Before what they use goes. The log comes last, as it tells of the others. */
export const stopUnits = (): string =>
  script(
    "for unit in reap.timer reap.service report.timer report.service log.service; do",
    '  if systemctl cat "gitlab-runner-$unit" > /dev/null 2>&1; then',
    '    sudo timeout 120 systemctl stop "gitlab-runner-$unit"',
    "  fi",
    "done",
  );
