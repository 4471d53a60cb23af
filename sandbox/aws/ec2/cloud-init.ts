/**
 * A stand-in for cloud-init: what user data asks for at an instance's first boot, before sshd starts. It knows host
 * keys of type ed25519 only, which is all that the stack's user data holds; anything else fails the boot, where
 * cloud-init would warn and go on. Without keys in its user data a host makes its own (the tree's
 * ssh-host-keys.service).
 *
 * @see https://github.com/canonical/cloud-init/blob/main/cloudinit/config/cc_ssh.py
 */
import { rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { parse } from "yaml";
import { AwsError } from "../protocol";

/** What EC2 takes at most, in bytes. */
const maxUserData = 16_384;

const keyFile = "etc/ssh/ssh_host_ed25519_key";

interface CloudConfig {
  ssh_deletekeys?: boolean;
  ssh_keys?: Record<string, string>;
}

/** @param root the instance's disk @param userData as text; undefined: none was given */
export async function applyUserData(root: string, userData: string | undefined): Promise<void> {
  if (userData === undefined) return;
  const { ssh_deletekeys: deletesKeys = true, ssh_keys: keys } = readCloudConfig(userData);
  const file = path.join(root, keyFile);
  if (deletesKeys) for (const old of [file, `${file}.pub`]) await rm(old, { force: true });
  if (keys === undefined) return;
  await writeFile(file, keys.ed25519_private!, { mode: 0o600 });
  await writeFile(`${file}.pub`, keys.ed25519_public!, { mode: 0o600 });
}

function readCloudConfig(userData: string): CloudConfig {
  if (!userData.startsWith("#cloud-config\n")) throw new Error("user data: only #cloud-config is known here");
  const config = parse(userData) as CloudConfig & Record<string, unknown>;
  const { ssh_deletekeys: deletesKeys, ssh_keys: keys, ...unknown } = config;
  const wrong = Object.keys(unknown);
  if (wrong.length > 0) throw new Error(`user data: ${wrong.join(", ")}: not known here`);
  if (deletesKeys !== undefined && typeof deletesKeys !== "boolean") throw new Error("user data: ssh_deletekeys");
  if (keys !== undefined && Object.keys(keys).sort().join() !== "ed25519_private,ed25519_public") {
    throw new Error("user data: ssh_keys: only an ed25519 key, both halves of it, is known here");
  }
  return config;
}

/** RunInstances' parameter as text. @throws AwsError */
export function decodeUserData(base64: string | null): string | undefined {
  if (base64 === null || base64 === "") return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) {
    throw new AwsError("InvalidParameterValue", "Invalid BASE64 encoding of user data.");
  }
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length > maxUserData) {
    throw new AwsError("InvalidParameterValue", `User data is limited to ${maxUserData} bytes`);
  }
  return bytes.toString("utf8");
}
