/** What concerns two settings: checked on the raw values, so that it is told beside errors of other settings. */
import * as defaults from "./defaults";
import { hasTooLittleMemory, instanceArchitecture } from "./instance-types";
import { withoutEffectOnToken } from "./entries";

type Raw = Record<string, unknown>;

const record = (value: unknown): Raw => (typeof value === "object" && value !== null ? (value as Raw) : {});

/** Each error with path and reason. */
export function crossCheck(raw: Raw): string[] {
  return [
    ...unknownSizes(raw),
    ...tokens(raw),
    ...unreachableHost(raw),
    ...otherArchitecture(raw),
    ...tooSmallHost(raw),
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
  return entriesOf(raw).flatMap(([path, { size }]) =>
    typeof size !== "string" || sizes.includes(size)
      ? []
      : [`${path}.size: no size '${size}'; sizes are ${sizes.join(", ")}`],
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

/** Compiling the driver takes about 1 GiB: a smaller host would stop in the middle of its set-up, out of memory. */
function tooSmallHost(raw: Raw): string[] {
  const { instanceType } = record(raw.host);
  if (typeof instanceType !== "string" || !hasTooLittleMemory(instanceType)) return [];
  const smallest = instanceType.replace(/\.[a-z]+$/, ".small");
  return [
    `host.instanceType: ${instanceType} has 1 GiB of memory or less, and compiling the driver on it takes as much; ` +
      `${smallest} has 2 GiB`,
  ];
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
