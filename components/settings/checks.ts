/** What concerns two settings: checked on the raw values, so that it is told beside errors of other settings. */
import * as defaults from "./defaults";
import { instanceArchitecture } from "./instance-types";
import { withoutEffectOnToken } from "./entries";
import { keyTypes } from "./host";
import { nearest } from "./nearest";
import { readPrivateKey, readPublicKey } from "./ssh-keys";
import { shown } from "./values-shown";

type Raw = Record<string, unknown>;

const record = (value: unknown): Raw => (typeof value === "object" && value !== null ? (value as Raw) : {});

/** Each error with path and reason. */
export function crossCheck(raw: Raw): string[] {
  return [
    ...unknownSizes(raw),
    ...limits(raw),
    ...keyPair(raw),
    ...tokens(raw),
    ...unreachableHost(raw),
    ...otherArchitecture(raw),
    ...missingChecksums(raw),
  ];
}

/** All entries with their paths; one that is a text or a number is an empty object. */
const entriesOf = (raw: Raw): [path: string, entry: Raw][] =>
  ["groups", "projects", "instanceRunners"].flatMap((list) =>
    (Array.isArray(raw[list]) ? raw[list] : []).map((entry, index): [string, Raw] => [
      `${list}[${index}]`,
      record(entry),
    ]),
  );

function unknownSizes(raw: Raw): string[] {
  const sizes = [...new Set([...Object.keys(defaults.sizes), ...Object.keys(record(raw.sizes))])];
  return entriesOf(raw).flatMap(([path, { size }]) => {
    if (typeof size !== "string" || sizes.includes(size)) return [];
    const near = nearest(size, sizes);
    return [
      `${path}.size: no size ${shown(size).replaceAll('"', "'")}; ${near ? `did you mean ${near}?` : `sizes are ${sizes.join(", ")}`}`,
    ];
  });
}

/** Of a key that will not do, its own error tells. */
function keyPair(raw: Raw): string[] {
  const { publicKey, privateKey } = record(raw.host);
  if (typeof publicKey !== "string" || typeof privateKey !== "string") return [];
  const [own, other] = [readPublicKey(publicKey, keyTypes).identity, readPrivateKey(privateKey).identity];
  if (own === undefined || other === undefined || own === other) return [];
  return ["host.publicKey: not the one of host.privateKey, which has: ssh-keygen -y -f runner-host"];
}

/** GitLab Runner takes such a limit, and it has no effect. */
function limits(raw: Raw): string[] {
  const { concurrency = defaults.concurrency } = record(raw.host);
  return entriesOf(raw).flatMap(([path, { limit }]) =>
    typeof limit === "number" && typeof concurrency === "number" && limit > concurrency
      ? [
          `${path}.limit: ${limit} is more than a host takes, ${concurrency} (host.concurrency); raise that or lower this`,
        ]
      : [],
  );
}

/** Never repeats a token. */
function tokens(raw: Raw): string[] {
  const pathOf = new Map<unknown, string>();
  return entriesOf(raw).flatMap(([path, entry]) => {
    if (typeof entry.token !== "string") return [];
    const other = pathOf.get(entry.token);
    pathOf.set(entry.token, path);
    return [
      ...(other === undefined ? [] : [`${path}.token: the same as ${other}.token`]),
      ...withoutEffectOnToken
        .filter((key) => entry[key] !== undefined)
        .map((key) => `${path}.${key}: has no effect beside token; set it on the runner in GitLab`),
    ];
  });
}

function unreachableHost(raw: Raw): string[] {
  const { vpcId, assignPublicIp = defaults.assignPublicIp(vpcId) } = record(raw.network);
  const { address } = record(record(raw.host).connection);
  if (address !== "public" || assignPublicIp !== false) return [];
  return ["host.connection.address: the host has no public address, as network.assignPublicIp is false"];
}

/** As the settings have it, right or wrong. */
const hostArchitecture = (raw: Raw): unknown =>
  record(raw.host).architecture ?? raw.architecture ?? defaults.architecture;

function otherArchitecture(raw: Raw): string[] {
  const { instanceType } = record(raw.host);
  if (typeof instanceType !== "string") return [];
  const wanted = hostArchitecture(raw);
  const actual = instanceArchitecture(instanceType);
  if (actual === wanted || (wanted !== "x86_64" && wanted !== "arm64")) return [];
  return [`host.instanceType: ${instanceType} is ${actual}, but the hosts are ${wanted} (host.architecture)`];
}

function missingChecksums(raw: Raw): string[] {
  const { runner, go } = record(raw.host);
  const errors: string[] = [];
  const { version = defaults.runner.version, sha256 } = record(runner);
  if (sha256 === undefined) {
    const binary = `gitlab-runner-linux-${hostArchitecture(raw) === "arm64" ? "arm64" : "amd64"}`;
    errors.push(
      `host.runner.sha256: required: the line "binaries/${binary}" of ${defaults.runner.baseUrl}/v${version}/release.sha256`,
    );
  }
  const wanted = record(go);
  if (wanted.sha256 === undefined && (wanted.version ?? defaults.go.version) !== defaults.go.version) {
    errors.push(`host.go.sha256: required with another version; https://go.dev/dl/?mode=json&include=all lists it`);
  }
  return errors;
}
