/** Debian's archive: what it has for this machine, by its signed lists, and each file of it held to them. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { readCleartextMessage, readKeys, verify } from "openpgp";
import { recipe } from "../recipes";

/** Of http, as apt has it: what comes is verified. */
const mirror = "http://deb.debian.org/debian";

/** The keys of the suite in versions.ts, from the package debian-archive-keyring: the archive's own and the release team's. */
const keys = recipe("tools", "debian-archive.asc");

/** One package's paragraph in the list of packages: its fields by name. */
export type Package = Record<string, string>;

/** Answers of servers that are busy or restarting, and connections that break, are given two more chances. */
const attempts = 3;

async function fetchFile(file: string, attempt = 1): Promise<Buffer> {
  try {
    const response = await fetch(`${mirror}/${file}`);
    if (!response.ok) throw new Error(`the server answers ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    if (attempt < attempts) return fetchFile(file, attempt + 1);
    const { message, cause } = error as Error & { cause?: Error };
    throw new Error(`${mirror}/${file}: ${cause?.message ?? message}`, { cause: error });
  }
}

/** A file of the archive. @throws Error where it is another one than its list says */
export async function fetchVerified(file: string, sha256: string): Promise<Buffer> {
  const content = await fetchFile(file);
  const found = createHash("sha256").update(content).digest("hex");
  if (found !== sha256) throw new Error(`${mirror}/${file} has SHA-256 ${found}; Debian's list says ${sha256}`);
  return content;
}

/** The text that one of the keys has signed. @throws Error where none has */
export async function signedText(armored: string, armoredKeys: string): Promise<string> {
  const message = await readCleartextMessage({ cleartextMessage: armored });
  const verificationKeys = await readKeys({ armoredKeys });
  const { signatures } = await verify({ message, verificationKeys });
  // Several have signed, some of them with keys that are not known here: one that is known is enough.
  const verdicts = await Promise.allSettled(signatures.map(({ verified }) => verified));
  if (!verdicts.some(({ status }) => status === "fulfilled")) {
    const reasons = verdicts.map((verdict) => (verdict.status === "rejected" ? String(verdict.reason) : ""));
    throw new Error(`Debian's signature is not good: ${reasons.join("; ")}`);
  }
  return message.getText();
}

/** Packages of a suite's main component, by name. */
export async function packagesOf(suite: string): Promise<Map<string, Package>> {
  const folder = `dists/${suite}`;
  const list = "main/binary-amd64/Packages.gz";
  const release = await signedText((await fetchFile(`${folder}/InRelease`)).toString(), readFileSync(keys, "utf8"));
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(release)?.[1];
  // A signed list of another suite, in this one's place, would be as good.
  if (field("Codename") !== suite) throw new Error(`Debian's release ${field("Codename")} in place of ${suite}`);
  const sums = release.slice(release.indexOf("\nSHA256:"));
  const [, sha256] = new RegExp(`^ ([0-9a-f]{64}) +\\d+ ${list}$`, "m").exec(sums) ?? [];
  if (sha256 === undefined) throw new Error(`Debian's release ${suite} has no ${list}`);
  // By its digest it is the one that the release names, also while the mirror changes to the next.
  const file = `${folder}/${list.replace(/[^/]+$/, "")}by-hash/SHA256/${sha256}`;
  return parsePackages(gunzipSync(await fetchVerified(file, sha256)).toString());
}

/** Format: https://www.debian.org/doc/debian-policy/ch-controlfields.html; lines that go on are not needed here. */
export function parsePackages(text: string): Map<string, Package> {
  const paragraphs = text.split("\n\n").filter((paragraph) => paragraph.trim() !== "");
  return new Map(
    paragraphs.map((paragraph) => {
      const fields = [...paragraph.matchAll(/^([A-Za-z0-9-]+): (.*)$/gm)].map(([, name, value]) => [name, value]);
      const found = Object.fromEntries(fields) as Package;
      return [found.Package!, found];
    }),
  );
}
