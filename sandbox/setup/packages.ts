/** Programs that come from the distribution, and the packages that carry them in Debian and its relatives. */
import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import * as path from "node:path";
import { hasProgram } from "../../scripts/look.mjs";
import { cacheDir } from "../config";
import { openLog, runner } from "./build-log";
import { lock } from "./lock";

/** What to look for, name of a program or absolute path of a file → package. */
const packages: Record<string, string> = {
  "systemd-nspawn": "systemd-container",
  runc: "runc",
  ip: "iproute2",
  iptables: "iptables",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  curl: "curl",
  git: "git",
  umoci: "umoci",
  skopeo: "skopeo",
  buildah: "buildah",
  mmdebstrap: "mmdebstrap",
  "qemu-img": "qemu-utils",
  ps: "procps",
  openssl: "openssl",
  "/usr/bin/python3": "python3",
  "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
  "/etc/ssl/certs/ca-certificates.crt": "ca-certificates",
};

/** Debian has the venv module's pip in a package of its own. */
function hasVenv(): boolean {
  const library = "/usr/lib";
  return readdirSync(library).some(
    (folder) => /^python3/.test(folder) && existsSync(path.join(library, folder, "ensurepip")),
  );
}

/** The packages that are missing, sorted, each once. */
export function missingPackages(): string[] {
  const missing = Object.entries(packages)
    .filter(([wanted]) => !(path.isAbsolute(wanted) ? existsSync(wanted) : hasProgram(wanted)))
    .map(([, name]) => name);
  if (!hasVenv()) missing.push("python3-venv");
  return [...new Set(missing)].sort();
}

/** None of them brings a service that would start, now or later. */
export const installCommand = (names: string[]): string[] => [
  ...["apt-get", "install", "--no-install-recommends"],
  ...names,
];

/**
 * Installs what is missing, by apt-get; nothing to do is the usual case and takes no time.
 * @throws Error with the end of apt-get's output
 */
export async function installSystemPackages(
  onProgress: (event: { artifact: string; state: "cached" | "building" | "done"; seconds?: number }) => void,
): Promise<void> {
  const artifact = "system packages";
  if (missingPackages().length === 0) return onProgress({ artifact, state: "cached" });
  await mkdir(path.join(cacheDir, "logs"), { recursive: true });
  await mkdir(path.join(cacheDir, "locks"), { recursive: true });
  const unlock = await lock(path.join(cacheDir, "locks", "packages"));
  const log = openLog(path.join(cacheDir, "logs", "packages.log"));
  try {
    onProgress({ artifact, state: "building" });
    const started = performance.now();
    const run = runner(log);
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    // Another apt-get at work is waited for. What it would have to remove, to install these, it refuses.
    const options = ["-q", "-y", "--no-remove", "-o", "DPkg::Lock::Timeout=300"];
    const missing = missingPackages();
    // Another process may have had its turn.
    if (missing.length > 0) {
      const [program, ...args] = installCommand(missing);
      await run(program, [...options, "update"], { env });
      await run(program, [...options, ...args], { env });
    }
    onProgress({ artifact, state: "done", seconds: (performance.now() - started) / 1000 });
  } finally {
    log.end();
    await unlock();
  }
}
