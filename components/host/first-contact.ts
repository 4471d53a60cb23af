/**
 * How a deployment knows the machine that it meets for the first time. User data gives each new instance a host key
 * that only this one deployment and AWS know, and the first command believes no other. As many may read user data,
 * with ec2:DescribeInstanceAttribute or on the host itself, that command puts a key in its place that never leaves
 * the host.
 */
import * as pulumi from "@pulumi/pulumi";
import { newKeyPair } from "./key-pair";

/**
 * cloud-init then makes no other host key, and removes those that the machine image brought.
 *
 * @see https://docs.cloud-init.io/en/latest/reference/modules.html#ssh
 */
export function firstContactUserData(): string {
  const { publicKey, privateKey } = newKeyPair("first contact");
  return [
    "#cloud-config",
    "ssh_deletekeys: true",
    "ssh_keys:",
    `  ed25519_public: ${publicKey}`,
    "  ed25519_private: |",
    ...privateKey
      .trimEnd()
      .split("\n")
      .map((line) => `    ${line}`),
    "",
  ].join("\n");
}

/**
 * The host key of an instance's first contact.
 *
 * @param userData what the instance was made with. One that an earlier version made has none: no machine has the key
 * that is told then, so that a first contact which that version did not come to fails and is not made unchecked. Since
 * its version 6 the provider below @pulumi/aws tells user data as it is, and no hash of it
 * (https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/version-6-upgrade#resourceaws_instance).
 */
export function firstHostKey(userData: string | undefined): string {
  return /^ {2}ed25519_public: (\S+ \S+)$/m.exec(userData ?? "")?.[1] ?? newKeyPair("").publicKey;
}

const key = "/etc/ssh/ssh_host_ed25519_key";

/**
 * The last lines of the first command: a new host key, which they print. Without this answer nobody knows the key
 * that the host now has, so nothing follows that takes time. sshd is restarted and not reloaded, as only the former
 * is over when systemctl returns; connections that are there go on.
 */
export const renewHostKey: readonly string[] = [
  "sshd=$(sudo sshd -T)",
  `for wanted in '^hostkey ${key}$' '^hostkeyalgorithms \\(.*,\\)\\?ssh-ed25519\\(,\\|$\\)'; do`,
  `  if ! printf '%s\\n' "$sshd" | grep -q "$wanted"; then`,
  '    echo "this machine image\'s sshd offers no ed25519 host key: sshd -T shows no $wanted" >&2',
  "    exit 1",
  "  fi",
  "done",
  `sudo rm -f ${key}.new ${key}.new.pub`,
  `sudo ssh-keygen -q -t ed25519 -N '' -C '' -f ${key}.new`,
  `public=$(sudo ssh-keygen -y -f ${key}.new)`,
  `sudo mv -f ${key}.new.pub ${key}.pub`,
  `sudo mv -f ${key}.new ${key}`,
  // Debian's name for it is the second.
  "for unit in sshd ssh; do",
  '  if systemctl is-active --quiet "$unit"; then sudo systemctl restart "$unit"; break; fi',
  "done",
  `printf '%s\\n' "$public" | cut -d ' ' -f 1,2`,
];

/**
 * The key that the first command has printed. ECDSA keys are those that earlier versions asked for first.
 *
 * @throws pulumi.RunError where there is none, as connections without a key believe any host; and where it is an RSA
 * key, for which the engine's SSH client asks for signatures with SHA-1 only, and every current sshd refuses them
 */
export function learntHostKey(host: string, printed: string): string {
  const found = /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)) [\w+/]+=*$/.exec(printed.trim())?.[0];
  if (found !== undefined) return found;
  throw new pulumi.RunError(
    `${host}: its first command told no ed25519 or ECDSA host key, so no connection to it could be trusted; ` +
      `replace the host: pulumi up --replace with its instance's URN (pulumi stack --show-urns)`,
  );
}
