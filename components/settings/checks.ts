/** What concerns two settings: checked on the raw values, so that it is told beside errors of other settings. */
import { helperFile, runnerFile } from "../jobs/runner-helper";
import { withoutEffectOnCache } from "./cache";
import * as defaults from "./defaults";
import { hasTooLittleMemory, instanceArchitecture } from "./instance-types";
import { withoutEffectOnToken } from "./entries";
import { duplicates, entriesOf, wrongMaps } from "./entry-path";
import { whyTooMuchMemory } from "./fargate-sizes";
import { keyTypes } from "./host";
import { sizesOfImages } from "./images";
import { nearest } from "./nearest";
import { readPrivateKey, readPublicKey } from "./ssh-keys";
import { record } from "./values";
import { shown } from "./values-shown";
import { isOlder } from "./version-order";
import type { Architecture } from "../types";

type Raw = Record<string, unknown>;

/** Each error with path and reason. */
export function crossCheck(raw: Raw): string[] {
  return [
    ...wrongMaps(raw),
    ...duplicates(raw),
    ...unknownSizes(raw),
    ...sizesOfImages(raw),
    ...unreachableMemory(raw),
    ...keyPair(raw),
    ...tokens(raw),
    ...readableClones(raw),
    ...unreachableHost(raw),
    ...strangeToProxy(raw),
    ...otherArchitecture(raw),
    ...oldRunner(raw),
    ...tooSmallHost(raw),
    ...missingChecksums(raw),
    ...withoutEffectOnCache(record(raw.cache)),
  ];
}

function unknownSizes(raw: Raw): string[] {
  const sizes = [...new Set([...Object.keys(defaults.sizes), ...Object.keys(record(raw.sizes))])];
  return entriesOf(raw)
    .flatMap(([path, { size, allowedSizes }]): [string, unknown][] => [
      [`${path}.size`, size],
      ...(Array.isArray(allowedSizes) ? allowedSizes : []).map((one, index): [string, unknown] => [
        `${path}.allowedSizes[${index}]`,
        one,
      ]),
    ])
    .flatMap(([path, size]) => {
      if (typeof size !== "string" || sizes.includes(size)) return [];
      const near = nearest(size, sizes);
      const way = near ? `did you mean ${near}?` : `sizes are ${sizes.join(", ")}`;
      return [`${path}: no size ${shown(size).replaceAll('"', "'")}; ${way}`];
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

/** A job has the CPU of its size where it may not ask for more. */
function unreachableMemory(raw: Raw): string[] {
  const sizes = Object.values({ ...defaults.sizes, ...record(raw.sizes) });
  const bounds = [["", raw], ...entriesOf(raw).map(([path, entry]): [string, Raw] => [`${path}.`, entry])] as const;
  return bounds.flatMap(([path, { maxSize }]) => {
    const { cpu, memory } = record(maxSize);
    const cpus = [cpu, ...sizes.map((size) => record(size).cpu)].filter((one) => typeof one === "number");
    const message = typeof memory === "number" ? whyTooMuchMemory(Math.max(...cpus), memory) : undefined;
    return message === undefined ? [] : [`${path}maxSize.memory: ${message}`];
  });
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

/** Jobs log in where they clone from, and config.toml's address stands in the stack's file as it is. */
function readableClones(raw: Raw): string[] {
  const places: [string, Raw][] = [
    ["runners", record(raw.runners)],
    ...entriesOf(raw).map(([path, entry]): [string, Raw] => [`${path}.runner`, record(entry.runner)]),
  ];
  return places.flatMap(([path, { cloneUrl }]) => {
    if (typeof cloneUrl !== "string" || !URL.canParse(cloneUrl)) return [];
    const { protocol, username, password } = new URL(cloneUrl);
    if (username !== "" || password !== "") {
      return [`${path}.cloneUrl: holds credentials, which would be plain text; jobs log in with their own token`];
    }
    if (protocol !== "http:" || raw.allowPlainHttp === true) return [];
    return [
      `${path}.cloneUrl: http:// shows jobs' tokens to whoever is on the way; write https://, or set allowPlainHttp`,
    ];
  });
}

function unreachableHost(raw: Raw): string[] {
  const { vpcId, assignPublicIp = defaults.assignPublicIp(vpcId) } = record(raw.network);
  const { address } = record(record(raw.host).connection);
  if (address !== "public" || assignPublicIp !== false) return [];
  return ["host.connection.address: the host has no public address, as network.assignPublicIp is false"];
}

/** The proxy has to know a key before the first deployment connects through it. */
function strangeToProxy(raw: Raw): string[] {
  const { publicKey, privateKey, connection } = record(raw.host);
  const { proxy } = record(connection);
  if (proxy === undefined || record(proxy).privateKey !== undefined) return [];
  if (publicKey !== undefined || privateKey !== undefined) return [];
  return [
    "host.connection.proxy.privateKey: required where host.privateKey is left out: the key pair that the first " +
      "deployment makes is none that the proxy knows",
  ];
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

function oldRunner(raw: Raw): string[] {
  const { version } = record(record(raw.host).runner);
  if (typeof version !== "string" || !isOlder(version, defaults.oldestRunner)) return [];
  return [
    `host.runner.version: ${version} is too old: ${defaults.oldestRunner} is the first runner that jobs get their ` +
      "exit codes with",
  ];
}

/** One that is none is told elsewhere. */
const known = (architecture: unknown): Architecture => (architecture === "arm64" ? "arm64" : "x86_64");

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
  const { version = defaults.runner.version, sha256, helperSha256 } = record(runner);
  const line = (file: string) =>
    "`npm run checksums -- --stack STACK` looks it up, " +
    `the line "${file}" of ${defaults.runner.baseUrl}/v${version}/release.sha256`;
  const hosts = known(hostArchitecture(raw));
  const tasks = known(raw.architecture ?? defaults.architecture);
  if (sha256 === undefined) errors.push(`host.runner.sha256: required: ${line(runnerFile(hosts))}`);
  if (helperSha256 === undefined && hosts !== tasks && record(raw.image).uri === undefined) {
    errors.push(
      `host.runner.helperSha256: required, as tasks are ${tasks} and hosts ${hosts}: ${line(helperFile(tasks))}`,
    );
  }
  const wanted = record(go);
  if (wanted.sha256 === undefined && (wanted.version ?? defaults.go.version) !== defaults.go.version) {
    errors.push(`host.go.sha256: required with another version; https://go.dev/dl/?mode=json&include=all lists it`);
  }
  return errors;
}
