/** Where things lie on the host. They belong to root unless it says otherwise. */
export const paths = {
  runner: "/usr/local/bin/gitlab-runner",
  home: "/opt/gitlab-runner",
  driver: "/opt/gitlab-runner/fargate",
  /** Beside the driver, which brings a copy of it into each task. */
  agent: "/opt/gitlab-runner/ci-agent",
  go: "/opt/gitlab-runner/go",
  /** Of the login user: sources of the driver, with a folder for each version of them. */
  sources: "/opt/gitlab-runner/src",
  /** Of the login user: Go's build and module caches. */
  goCache: "/var/cache/gitlab-runner",
  /** Of the runner's user, like all below it. */
  etc: "/etc/gitlab-runner",
  configToml: "/etc/gitlab-runner/config.toml",
  fargateToml: "/etc/gitlab-runner/fargate.toml",
  /** Of private certificate authorities, in PEM format. */
  caCertificates: "/opt/gitlab-runner/ca-certificates.pem",
  /** Of the runner's user: what the driver remembers of running tasks. */
  metadata: "/opt/gitlab-runner/metadata",
  /** Of the runner's user. */
  state: "/var/lib/gitlab-runner",
  unit: "/etc/systemd/system/gitlab-runner.service",
  /** Brings the host's log and metrics to CloudWatch. It has no part in jobs. */
  monitor: "/opt/gitlab-runner/host-monitor",
  /** Of the login user: sources of the monitor, with a folder for each version of them. */
  monitorSources: "/opt/gitlab-runner/monitor-src",
  logService: "/etc/systemd/system/gitlab-runner-log.service",
  reportService: "/etc/systemd/system/gitlab-runner-report.service",
  reportTimer: "/etc/systemd/system/gitlab-runner-report.timer",
  reapService: "/etc/systemd/system/gitlab-runner-reap.service",
  reapTimer: "/etc/systemd/system/gitlab-runner-reap.timer",
} as const;

/** Inside a job's task. */
export const jobPaths = { builds: "/opt/gitlab-runner/builds", cache: "/opt/gitlab-runner/cache" } as const;
