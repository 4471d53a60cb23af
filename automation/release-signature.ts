/** Whether GitLab has signed a file, by GnuPG's gpgv. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { UserError } from "./errors";

/**
 * The key that signs GitLab Runner's packages and release.sha256. What it is known by is its fingerprint: the key itself
 * may come from anywhere, and comes from GitLab, which prolongs it from time to time.
 * @see https://docs.gitlab.com/runner/install/linux-repository/#current-gpg-public-key
 */
export const gitlabKey = {
  fingerprint: "931DA69CFA3AFEBBC97DAA8C6C57C29C6BA75A4E",
  url: "https://packages.gitlab.com/runner/gitlab-runner/gpgkey/runner-gitlab-runner-49F16C5CC3A0F81F.pub.gpg",
};

export interface Signed {
  text: string;
  /** Detached. */
  signature: string;
  /** Armored. */
  key: string;
}

/**
 * Undefined where the key of this fingerprint has signed the text; why that cannot be told, otherwise.
 * @throws UserError where another key, or another text, was signed
 */
export async function whyUnverified(signed: Signed, fingerprint: string): Promise<string | undefined> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "release-"));
  const file = (name: string, content: string | Buffer): string => {
    const whole = path.join(folder, name);
    writeFileSync(whole, content);
    return whole;
  };
  try {
    const keyring = file("key.gpg", dearmored(signed.key));
    const files = [file("text.asc", signed.signature), file("text", signed.text)];
    return verdict(await gpgv(["--status-fd", "1", "--keyring", keyring, ...files]), fingerprint);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What gpgv has to say, a word and its arguments in a line; undefined: it is not there. */
async function gpgv(args: string[]): Promise<string[][] | undefined> {
  const answer = await promisify(execFile)("gpgv", args).catch((error: { code?: unknown; stdout?: string }) => error);
  if ("code" in answer && answer.code === "ENOENT") return undefined;
  const lines = (answer.stdout ?? "").split("\n").filter((line) => line.startsWith("[GNUPG:] "));
  return lines.map((line) => line.split(" ").slice(1));
}

function verdict(said: string[][] | undefined, fingerprint: string): string | undefined {
  if (said === undefined) return "gpgv, a part of GnuPG, is not installed";
  const words = new Set(said.map(([word]) => word));
  const signer = said.find(([word]) => word === "VALIDSIG")?.at(-1);
  if (signer === undefined || words.has("REVKEYSIG")) {
    throw new UserError("its signature is not GitLab's, or it was changed after it was signed");
  }
  if (signer !== fingerprint) throw new UserError(`its signature is by the key ${signer}, and not by GitLab's`);
  return words.has("GOODSIG") ? undefined : "GitLab's key has expired";
}

/** A key as gpgv reads it, of one in ASCII armor (RFC 9580, 6.2): what stands between its headers and its checksum. */
function dearmored(key: string): Buffer {
  const body = /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:.+\r?\n)*\r?\n([^=-]+={0,2})/.exec(key);
  return Buffer.from(body?.[1] ?? "", "base64");
}
