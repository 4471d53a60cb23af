/** The commands that make a host trust private certificate authorities; the rules of host-scripts.ts hold here too. */
import { isIP } from "node:net";
import type { HttpProxy } from "../settings/http-proxy";
import { quote, script } from "./host-scripts";
import { exportProxy } from "./http-proxy";
import { paths } from "./paths";

/** Debian's tool takes names with this ending only. */
const file = "gitlab-fargate-runners.crt";

/** Where an image's own tool takes certificates from, and how it is called. Amazon Linux has the first, Debian the other. */
const stores = [
  { folder: "/etc/pki/ca-trust/source/anchors", update: "update-ca-trust", fresh: "update-ca-trust" },
  {
    folder: "/usr/local/share/ca-certificates",
    update: "update-ca-certificates",
    // Otherwise links to what is gone are left.
    fresh: "update-ca-certificates --fresh",
  },
];

const install = (certificates: string, { folder, update }: (typeof stores)[number]): string =>
  `  sudo install -m 0644 ${certificates} ${folder}/${file}; sudo ${update}`;

const remove = ({ folder, fresh }: (typeof stores)[number]): string =>
  `if [ -e ${folder}/${file} ]; then sudo rm -f ${folder}/${file}; sudo ${fresh}; fi`;

/**
 * Trusts the certificates of stdin and no earlier ones. The runner has a file of its own, which it hands to jobs; all
 * other programs read the system's store.
 *
 * @param check lines that fail where these certificates will not do
 */
export function trustCertificates(check: readonly string[] = []): string {
  return script(
    `new=${paths.caCertificates}.new`,
    `trap 'sudo rm -f "$new"' EXIT`,
    `sudo tee "$new" > /dev/null`,
    `sudo chmod 0644 "$new"`,
    ...stores.flatMap((store, index) => [
      `${index === 0 ? "if" : "elif"} [ -d ${store.folder} ]; then`,
      install('"$new"', store),
    ]),
    "else",
    `  echo 'caCertificates: the machine image has neither update-ca-trust nor update-ca-certificates' >&2`,
    "  exit 1",
    "fi",
    ...check,
    `sudo mv -f "$new" ${paths.caCertificates}`,
  );
}

/** Lines that undo it in the system's store, where it was done: what the settings do not name is trusted no longer. */
export const distrustCertificates: readonly string[] = [
  `if [ -e ${paths.caCertificates} ]; then`,
  ...stores.map((store) => `  ${remove(store)}`),
  "fi",
];

/** Lines that undo it for the runner, whose configuration names the file no longer. */
export const forgetCertificates: readonly string[] = [`sudo rm -f ${paths.caCertificates}`];

/** By which curl says that it does not believe a server, and that a name has no address: its man page, EXIT CODES. */
const [unbelieved, unresolved] = [60, 6];

/**
 * Lines that fail where the host would not trust GitLab's certificate or finds no address of its name, as its runner would
 * wait for jobs in vain and say so in its own log only. The system's store is then again what the runner's file is. A
 * GitLab that does not answer at the moment stops nothing.
 */
export function checkGitlab(gitlabUrl: string, proxy?: HttpProxy): readonly string[] {
  const { protocol, hostname } = new URL(gitlabUrl);
  if (protocol !== "https:" && isAddress(hostname)) return [];
  const untrusted = `caCertificates: this host does not trust the certificate of ${gitlabUrl}`;
  const unknown =
    ` finds no address of ${hostname}, GitLab's name in gitlab:baseUrl: the name server of its network has to know it ` +
    "(the VPC's DHCP options, or a rule of Route 53 Resolver), or network.httpProxy, which must not have it in noProxy";
  return [
    ...exportProxy(proxy),
    "code=0 why=",
    `said=$(curl --silent --show-error --output /dev/null --max-time 20 ${quote(gitlabUrl)} 2>&1) || code=$?`,
    "case $code in",
    `${unbelieved}) why=${quote(untrusted)} ;;`,
    `${unresolved}) why=$(uname -n)${quote(unknown)} ;;`,
    "esac",
    'if [ -n "$why" ]; then',
    `  printf '%s\\n' "$why" "$said" >&2`,
    ...stores.flatMap((store) => [
      `  if [ ! -e ${paths.caCertificates} ]; then ${remove(store)}`,
      `  elif [ -d ${store.folder} ]; then`,
      `  ${install(paths.caCertificates, store)}`,
      "  fi",
    ]),
    "  exit 1",
    "fi",
  ];
}

/** Whether a URL's host is an IP address. */
const isAddress = (hostname: string): boolean => isIP(hostname.replace(/^\[(.*)\]$/, "$1")) !== 0;
