/**
 * Property values as they cross the engine's gRPC boundary: plain JSON, in which reserved keys mark secrets and assets and
 * a reserved string stands for a value not known before the deployment.
 *
 * Source of the markers: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go
 */
import * as rpc from "@pulumi/pulumi/runtime/rpc";

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
export type Props = { [key: string]: Value };
/** Keys and indexes from the resource's properties down to one value. */
export type Path = (string | number)[];

/** Stands for a value that is known only once the deployment has happened. */
export const UNKNOWN = rpc.unknownValue as string;
const SIGNATURE = rpc.specialSigKey as string;
const SECRET = rpc.specialSecretSig as string;
const ASSET = rpc.specialAssetSig as string;
const ARCHIVE = rpc.specialArchiveSig as string;

export function isObject(value: Value | undefined): value is Props {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(value: Value | undefined): value is Props {
  return isObject(value) && value[SIGNATURE] === SECRET;
}

export function isAsset(value: Value | undefined): value is Props {
  return isObject(value) && value[SIGNATURE] === ASSET;
}

export function isArchive(value: Value | undefined): value is Props {
  return isObject(value) && value[SIGNATURE] === ARCHIVE;
}

export function makeSecret(value: Value): Props {
  return isSecret(value) ? value : { [SIGNATURE]: SECRET, value };
}

/** Whether the value is, or holds anywhere, something not known yet. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value).some(hasUnknown);
}

/** Takes the secret marks off, at every depth, and tells where they were. */
export function unwrapSecrets(props: Props): { plain: Props; secrets: Path[] } {
  const secrets: Path[] = [];
  const visit = (value: Value, path: Path): Value => {
    if (isSecret(value)) {
      secrets.push(path);
      return visit(value.value, path);
    }
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, [...path, key])]));
  };
  const plain = Object.fromEntries(Object.entries(props).map(([key, item]) => [key, visit(item, [key])]));
  return { plain, secrets };
}

/** In a path: every key or index. */
export const ANY = "*";

/** Marks the values at the paths as secret. Paths that lead nowhere are left out; a mark covers all that is below it. */
export function markSecrets(props: Props, paths: Path[]): Props {
  const mark = (value: Value, below: Path[]): Value => {
    if (below.some((path) => path.length === 0)) return makeSecret(value);
    if (below.length === 0 || typeof value !== "object" || value === null) return value;
    const next = (key: string | number) =>
      below.filter(([head]) => head === key || head === ANY).map((path) => path.slice(1));
    if (Array.isArray(value)) return value.map((item, index) => mark(item, next(index)));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mark(item, next(key))]));
  };
  return mark(props, paths) as Props;
}

/** Drops undefined members, which the wire format cannot hold. */
export function compact(props: { [key: string]: Value | undefined }): Props {
  return Object.fromEntries(Object.entries(props).filter((entry): entry is [string, Value] => entry[1] !== undefined));
}
