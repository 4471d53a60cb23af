/** The commands that make a host trust private certificate authorities; the rules of host-scripts.ts hold here too. */
import type { HttpProxy } from "../settings/http-proxy";
import { quote, script } from "./host-scripts";
import { exportProxy } from "./http-proxy";
import { paths } from "./paths";

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

/** Debian's tool takes names with this ending only. */
const file = "gitlab-fargate-runners.crt";

/**
 * Trusts the certificates of stdin and no earlier ones. The runner has a file of its own, which it hands to jobs; all
 * other programs read the system's store.
 *
 * @param more lines that follow
 */
export function trustCertificates(more: readonly string[] = []): string {
  return script(
    `new=${paths.caCertificates}.new`,
    `sudo tee "$new" > /dev/null`,
    `sudo chmod 0644 "$new"`,
    `sudo mv -f "$new" ${paths.caCertificates}`,
    ...stores.flatMap(({ folder, update }, index) => [
      `${index === 0 ? "if" : "elif"} [ -d ${folder} ]; then`,
      `  sudo install -m 0644 ${paths.caCertificates} ${folder}/${file}`,
      `  sudo ${update}`,
    ]),
    "else",
    `  echo 'caCertificates: the machine image has neither update-ca-trust nor update-ca-certificates' >&2`,
    "  exit 1",
    "fi",
    ...more,
  );
}

/** Lines that undo it, where it was done: a certificate that the settings do not name any more is trusted no longer. */
export const distrustCertificates: readonly string[] = [
  `if [ -e ${paths.caCertificates} ]; then`,
  ...stores.map(
    ({ folder, fresh }) => `  if [ -e ${folder}/${file} ]; then sudo rm -f ${folder}/${file}; sudo ${fresh}; fi`,
  ),
  `  sudo rm -f ${paths.caCertificates}`,
  "fi",
];

/** By which curl says that it does not believe a server: CURLE_PEER_FAILED_VERIFICATION. */
const unbelieved = 60;

/**
 * Lines that fail where the host does not trust GitLab's certificate, as its runner would wait for jobs in vain and say
 * so in its own log only. A GitLab that does not answer at the moment stops nothing.
 */
export const checkCertificate = (gitlabUrl: string, proxy?: HttpProxy): readonly string[] =>
  gitlabUrl.startsWith("https://")
    ? [
        ...exportProxy(proxy),
        "code=0",
        `said=$(curl --silent --show-error --output /dev/null --max-time 20 ${quote(gitlabUrl)} 2>&1) || code=$?`,
        `if [ "$code" = ${unbelieved} ]; then`,
        `  printf '%s\\n' ${quote(`caCertificates: this host does not trust the certificate of ${gitlabUrl}`)} "$said" >&2`,
        "  exit 1",
        "fi",
      ]
    : [];
