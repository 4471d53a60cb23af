/** What makes the shared Debian tree a particular instance: name, keys, the AWS endpoint. Stands for a machine image. */
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { awsEndpoint, ecrRegistry, network, region, resolvConf } from "../../config";
import { applyUserData } from "./cloud-init";

export interface HostIdentity {
  hostname: string;
  address: string;
  authorizedKeys: string[];
  userData?: string;
  /** Certificates in PEM format. */
  trusted: string;
}

/** The login of Debian's own AMIs; the tree has it, with sudo. */
const user = "admin";

const marker = "var/lib/sandbox-instance";

/** Environment of every service and session, as a custom AMI would carry it. */
const environment = { AWS_ENDPOINT_URL: awsEndpoint, AWS_REGION: region };

/** Writes an instance's files into its disk, mounted at `root`. A second boot of the same disk keeps what the first made. */
export async function prepareTree(root: string, identity: HostIdentity): Promise<void> {
  const at = (file: string) => path.join(root, file);
  await write(at("etc/hostname"), `${identity.hostname}\n`);
  const names: [address: string, names: string][] = [
    ["127.0.0.1", "localhost"],
    ["::1", "localhost"],
    [identity.address, `${identity.hostname}.ec2.internal ${identity.hostname}`],
    // What AWS's name servers and authorities do for ECR.
    [network.gateway, ecrRegistry],
  ];
  await write(at("etc/hosts"), names.map((one) => `${one.join(" ")}\n`).join(""));
  await write(at("etc/ssl/certs/ecr.pem"), identity.trusted);
  await rm(at("etc/resolv.conf"), { force: true });
  await write(at("etc/resolv.conf"), resolvConf);
  // The marker lies in the disk's own layer: this disk has booted before.
  if (existsSync(at(marker))) return;

  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  await write(at("etc/environment"), `${(await read(at("etc/environment"))) + variables.join("\n")}\n`);
  await write(
    at("etc/systemd/system.conf.d/aws.conf"),
    `[Manager]\nDefaultEnvironment=${variables.map((variable) => `"${variable}"`).join(" ")}\n`,
  );
  const [uid, gid] = await userIds(root);
  const ssh = at(`home/${user}/.ssh`);
  await write(path.join(ssh, "authorized_keys"), identity.authorizedKeys.map((key) => `${key.trim()}\n`).join(""));
  for (const [file, mode] of [[ssh, 0o700] as const, [path.join(ssh, "authorized_keys"), 0o600] as const]) {
    await chmod(file, mode);
    await chown(file, uid, gid);
  }
  await applyUserData(root, identity.userData);
  await write(at(marker), "");
}

async function userIds(root: string): Promise<[number, number]> {
  const passwd = await read(path.join(root, "etc/passwd"));
  const [, uid, gid] = new RegExp(`^${user}:[^:]*:(\\d+):(\\d+):`, "m").exec(passwd) ?? [];
  if (uid === undefined) throw new Error(`the host's tree has no user ${user}`);
  return [Number(uid), Number(gid)];
}

async function write(file: string, content: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

const read = (file: string) => readFile(file, "utf8").catch(() => "");
