/** What a release of GitLab Runner consists of, as its file release.sha256 lists it. */
import { UserError } from "./errors";

/** SHA-256 in hexadecimal digits, by path below the release's address. @throws UserError where no line holds one */
export function parseChecksums(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").map((line) => /^([0-9a-f]{64}) [ *](?:\.\/)?(\S+)\s*$/.exec(line));
  const found = new Map(lines.flatMap((match) => (match ? [[match[2], match[1]] as const] : [])));
  if (found.size === 0) throw new UserError("there are no checksums in it");
  return found;
}
