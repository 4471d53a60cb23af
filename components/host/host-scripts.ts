import { createHash } from "node:crypto";
import type { HttpProxy } from "../settings/http-proxy";
import type { GoArch } from "../go-arch";
import { checkConfigToml } from "./config-check";
import { renewHostKey } from "./first-contact";
import { exportProxy } from "./http-proxy";
import { paths } from "./paths";
import { runnerUser } from "./systemd-unit";

/**
 * The commands that set up a host, in POSIX sh, for a login user with sudo. Each may run again at any time. None holds
 * a secret: commands show in process lists and in the deployment's output. What is secret comes through stdin.
 */

/** Quotes a text for the shell. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export const script = (...lines: string[]): string => ["set -eu", ...lines].join("\n");

/**
 * The runner's user and the folders that all else goes to. Makes and prints the host's own host key. It runs once on
 * each host: a folder that a later version needs is another command's.
 */
export function createFolders(): string {
  const runnersOwn = (mode: string) => `sudo install -d -o ${runnerUser} -g ${runnerUser} -m ${mode}`;
  const loginUsersOwn = `sudo install -d -o "$(id -un)" -g "$(id -gn)" -m 0755`;
  return script(
    `getent passwd ${runnerUser} > /dev/null ||`,
    `  sudo useradd --system --user-group --home-dir ${paths.state} --shell /usr/sbin/nologin ${runnerUser}`,
    `sudo install -d -m 0755 ${paths.home}`,
    `${runnersOwn("0700")} ${paths.etc} ${paths.metadata} ${paths.state}`,
    `${loginUsersOwn} ${paths.sources} ${paths.goCache}`,
    ...renewHostKey,
  );
}

export interface Download {
  url: string;
  /** Of the file, in hexadecimal digits. */
  sha256: string;
  /** The setting that the checksum comes from. */
  setting: string;
  /** @default none */
  proxy?: HttpProxy;
}

/** Fetches a file to $file and checks it before anything uses it. */
function fetch({ url, sha256, setting, proxy }: Download): string[] {
  return [
    ...exportProxy(proxy),
    "file=$(mktemp -p /var/tmp)",
    `trap 'rm -f "$file"' EXIT`,
    `curl --fail --silent --show-error --location --retry 5 --retry-connrefused --output "$file" ${quote(url)}`,
    `actual=$(sha256sum "$file" | cut -d ' ' -f 1)`,
    `if [ "$actual" != ${sha256} ]; then`,
    `  echo ${quote(url)}": SHA-256 is $actual, not ${sha256} (${setting})" >&2`,
    "  exit 1",
    "fi",
  ];
}

/** Swaps a program in by rename, so that whoever starts it finds either the old or the new one, whole. */
export const swapIn = (file: string, target: string): string[] => [
  stage(file, target),
  `sudo mv -f ${target}.new ${target}`,
];

const stage = (file: string, target: string): string => `sudo install -m 0755 ${file} ${target}.new`;

export function installRunner(download: Download): string {
  return script(...fetch(download), ...swapIn(`"$file"`, paths.runner));
}

export function installGo(download: Download): string {
  return script(
    ...fetch(download),
    `sudo rm -rf ${paths.go}.new`,
    `sudo mkdir ${paths.go}.new`,
    `sudo tar -xzf "$file" -C ${paths.go}.new --strip-components=1 --no-same-owner`,
    `sudo rm -rf ${paths.go}`,
    `sudo mv ${paths.go}.new ${paths.go}`,
  );
}

/** The Go that the program has installed, and nothing of the login user's own. */
export const goEnvironment = (goProxy?: string, httpProxy?: HttpProxy): string[] => [
  ...exportProxy(httpProxy),
  `export GOROOT=${paths.go} GOCACHE=${paths.goCache}/go-build GOMODCACHE=${paths.goCache}/go-mod GOTMPDIR=/var/tmp`,
  ...(goProxy === undefined ? [] : [`export GOPROXY=${quote(goProxy)}`]),
  `export GOTOOLCHAIN=local GOFLAGS=-modcacherw GOENV=off GOWORK=off CGO_ENABLED=0`,
];

export const build = `${paths.go}/bin/go build -trimpath -buildvcs=false -ldflags '-s -w'`;

/**
 * Compiles the driver, and the agent that it brings into the tasks, from a folder below `paths.sources` and removes the
 * sources of earlier drivers. Jobs go on with the driver that is there until `writeFargateToml` has tried the new one.
 *
 * @param taskArch GOARCH of the tasks, which the agent runs in
 */
export function buildDriver(
  folder: string,
  goProxy: string | undefined,
  taskArch: GoArch,
  httpProxy?: HttpProxy,
): string {
  const source = `${paths.sources}/${folder}`;
  return script(
    `cd ${source}`,
    ...goEnvironment(goProxy, httpProxy),
    `GOARCH=${taskArch} ${build} -o ${paths.sources}/ci-agent ./cmd/ci-agent`,
    `${build} -o ${paths.sources}/fargate ./cmd/fargate`,
    stage(`${paths.sources}/ci-agent`, paths.agent),
    stage(`${paths.sources}/fargate`, paths.driver),
    `find ${paths.sources} -mindepth 1 -maxdepth 1 ! -name ${folder} -exec rm -rf {} +`,
  );
}

/**
 * Writes stdin to a file of the runner's user (mode 0600). It is checked first, and swapped in by a rename that no
 * reader sees the middle of; `touch`, as the runner loads only what is newer than what it has.
 *
 * @param check commands; `"$new"` is the file
 */
function writeChecked(target: string, ...check: string[]): string[] {
  return [
    `new=${target}.new`,
    `trap 'sudo rm -f "$new"' EXIT`,
    `sudo -u ${runnerUser} sh -euc 'umask 077; cat > "$1"' sh "$new"`,
    ...check,
    `sudo -u ${runnerUser} sh -euc 'touch "$1"; mv -f "$1" "$2"' sh "$new" ${target}`,
  ];
}

/**
 * @param before lines that have to pass before the runner has the new file
 * @param after lines that follow
 */
export const writeConfigToml = (before: readonly string[] = [], after: readonly string[] = []): string =>
  script(...writeChecked(paths.configToml, ...checkConfigToml(`"$new"`), ...before), ...after);

/**
 * Swaps in the driver's configuration and, where `buildDriver` has made one, the driver: both together, as a new driver
 * and an old file may not suit each other, and after the driver has read the file. The agent is swapped in before its
 * driver, which so finds an agent that is at least as new as itself.
 *
 * @param driverBuild the script that makes the driver: another one is followed by this command too
 */
export const writeFargateToml = (driverBuild: string): string =>
  script(
    `driver=${paths.driver} # ${createHash("sha256").update(driverBuild).digest("hex").slice(0, 16)}`,
    `if [ -e "$driver.new" ]; then driver=$driver.new; fi`,
    ...writeChecked(paths.fargateToml, `sudo -u ${runnerUser} "$driver" --config "$new" custom config > /dev/null`),
    `for file in ${paths.agent} ${paths.driver}; do`,
    `  if [ -e "$file.new" ]; then sudo mv -f "$file.new" "$file"; fi`,
    "done",
  );

const installUnit = [`sudo tee ${paths.unit} > /dev/null`, "sudo systemctl daemon-reload"];

/** The unit's text comes through stdin. */
export const startService = (): string => script(...installUnit, "sudo systemctl enable --now gitlab-runner.service");

/**
 * Restarts the runner only where the unit has changed: another way to reach the host restarts nothing. It does not wait
 * for the restart, as running jobs finish first, and this deployment may be one of them.
 */
export const restartService = (): string =>
  script(
    "unit=$(cat)",
    `if [ "$unit" != "$(cat ${paths.unit} 2> /dev/null)" ]; then`,
    `  printf '%s\\n' "$unit" | sudo tee ${paths.unit} > /dev/null`,
    "  sudo systemctl daemon-reload",
    "  sudo systemctl --no-block restart gitlab-runner.service",
    "fi",
  );

/** Writes a file that holds no secret. */
export const writePlain = (file: string, content: string): string =>
  `printf %s ${quote(content)} | sudo tee ${file} > /dev/null`;

/** Writes both units, of which none is secret, and starts the timer anew. */
export const startReaper = (service: string, timer: string): string =>
  script(
    writePlain(paths.reapService, service),
    writePlain(paths.reapTimer, timer),
    "sudo systemctl daemon-reload",
    "sudo systemctl enable gitlab-runner-reap.timer",
    "sudo systemctl restart gitlab-runner-reap.timer",
  );
