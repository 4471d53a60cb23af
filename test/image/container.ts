/** A folder that stands for a container's root: docker-entrypoint.sh with its absolute paths moved below it, and a key. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectDir } from "../../sandbox/config";

const source = readFileSync(path.join(projectDir, "image/docker-entrypoint.sh"), "utf8");
export const shadow = ["root:!::0:::::", "bin:!::0:::::", "sshd:!::0:::::", ""].join("\n");

export interface Container {
  root: string;
  at(file: string): string;
  program(file: string, script: string): void;
  entrypoint: string;
  publicKey: string;
  privateKey: string;
  remove(): void;
}

export function createContainer(): Container {
  const root = mkdtempSync(path.join(os.tmpdir(), "entrypoint-"));
  const at = (file: string) => path.join(root, file);
  const program = (file: string, script: string) => writeFileSync(at(file), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  for (const folder of ["bin", "etc/ssh", "root", "run", "usr/sbin"]) mkdirSync(at(folder), { recursive: true });
  writeFileSync(at("etc/shadow"), shadow);
  program("usr/sbin/sshd", 'echo "sshd $*"\nenv');
  // Every one of them: an absolute path that stayed would be the machine's own.
  writeFileSync(at("entrypoint.sh"), source.replace(/(?<![\w/])\/(?=(etc|root|run|usr)\/)/g, `${root}/`));
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "job", "-f", at("key")]);
  return {
    root,
    at,
    program,
    entrypoint: at("entrypoint.sh"),
    publicKey: readFileSync(at("key.pub"), "utf8").trim(),
    privateKey: readFileSync(at("key"), "utf8"),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
