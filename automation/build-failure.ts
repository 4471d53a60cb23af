/** What a failed build of the job image means for the settings: apk's words, which stand among many lines of its log. */
import type { EngineEvent } from "@pulumi/pulumi/automation";

/** apk could not read a repository: then it knows none of the packages, and their names are not at fault. */
const unreachable = /WARNING: (updating and )?opening (\S+): (.*)/;

/** As "nodjs (no such package):" and, for a version that there is not, "jq-1.8.1-r0: breaks: world[jq=9.9]". */
const missing = /(\S+) \(no such package\)/g;
const broken = /(\S+):\s+(?:#\d+ )?(?:[\d.]+ )?\s*breaks: world\[([^\]]+)\]/g;

/** Sentences that name the setting; none where the build did not fail by its packages. */
export function buildTrouble(events: readonly EngineEvent[]): string[] {
  const said = events
    .flatMap(({ diagnosticEvent }) => diagnosticEvent?.message ?? [])
    .join("\n")
    .replace(/<\{%[^%]*%\}>/g, "");
  if (!/unable to select packages/.test(said)) return [];
  const [, , repository, reason] = unreachable.exec(said) ?? [];
  if (repository !== undefined) {
    return [`image: Alpine's packages cannot be read from ${repository} where the image is built (${reason.trim()})`];
  }
  const names = [...said.matchAll(missing)].map(([, name]) => name);
  const versions = [...said.matchAll(broken)].map(([, has, wanted]) => `no ${wanted}; it has ${has}`);
  return [
    ...[...new Set(names)].map((name) => `image.packages: Alpine has no package "${name}"; ${list}`),
    ...[...new Set(versions)].map((text) => `image.packages: Alpine has ${text}`),
  ];
}

const list = "its packages are listed on https://pkgs.alpinelinux.org";
