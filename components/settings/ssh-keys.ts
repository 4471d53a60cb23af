/**
 * What SSH keys are: read as OpenSSH and the provider's SSH client (golang.org/x/crypto/ssh) read them, so that a key
 * that will not do is told at preview. No key material is in what is told. Pure functions.
 */
import { createPrivateKey, createPublicKey, type JsonWebKey } from "node:crypto";

/** What two halves of a pair have in common, or why the text is no such key. */
export type ReadKey = { identity: string; why?: undefined } | { identity?: undefined; why: string };

const cutOff = "cut off, or changed on its way here";
const fromFile = "set it from its file";

/** A public key in one line: type, base64, comment. @param types those that are taken */
export function readPublicKey(text: string, types: readonly string[]): ReadKey {
  if (/PRIVATE KEY/.test(text))
    return { why: "this is a private key; what belongs here is the public one, runner-host.pub" };
  if (/…|\.\.\.(\s|$)/.test(text)) return { why: `an example, with … in the place of the key itself; ${fromFile}` };
  const [type, base64 = ""] = text.trim().split(/\s+/);
  if (!types.includes(type)) {
    const known = /^(ssh|ecdsa|sk)-[\w@.-]+$/.test(type)
      ? `a key of type ${type}`
      : "not a public key in OpenSSH's format";
    return { why: `${known}; it begins with ${types.join(" or ")}` };
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    return { why: `its text behind ${type} is no base64: ${cutOff}; ${fromFile}` };
  try {
    const reader = new Reader(Buffer.from(base64, "base64"));
    const key = readPublic(reader);
    if (key.type !== type || !reader.atEnd) return { why: `${cutOff}; ${fromFile}` };
    if (key.bits !== undefined && key.bits < 2048) return { why: `RSA of ${key.bits} bits is too short; 2048 or more` };
    return { identity: key.identity };
  } catch {
    return { why: `${cutOff}; ${fromFile}` };
  }
}

/** A private key in PEM: OpenSSH's own format, PKCS#1, PKCS#8 or SEC 1, without a passphrase. */
export function readPrivateKey(text: string): ReadKey {
  const whole = text.trim();
  if (whole.startsWith("PuTTY-")) return { why: "PuTTY's format; export it from PuTTYgen as an OpenSSH key" };
  if (/^(ssh|ecdsa)-\S+ /.test(whole) || /^-+BEGIN [A-Z0-9 ]*PUBLIC KEY/.test(whole)) {
    return { why: "not a private key in PEM format, but the public one" };
  }
  const [, label] = /^-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----/.exec(whole) ?? [];
  if (label === undefined) return { why: "not a private key in PEM format" };
  if (!whole.endsWith(`-----END ${label}-----`))
    return { why: `its last line, -----END ${label}-----, is missing: ${cutOff}` };
  const lines = whole.split(/\r?\n/);
  if (lines.length < 3) return { why: `its lines have become one; ${fromFile}` };
  if (label === "ENCRYPTED PRIVATE KEY" || /^Proc-Type: .*ENCRYPTED/m.test(whole)) return { why: locked };
  try {
    if (label === "OPENSSH PRIVATE KEY") return readOpenSsh(Buffer.from(lines.slice(1, -1).join(""), "base64"));
    return { identity: identityOf(createPublicKey(createPrivateKey(whole)).export({ format: "jwk" })) };
  } catch {
    return { why: `${cutOff}; ${fromFile}` };
  }
}

const locked =
  'it has a passphrase, which nobody can type in a deployment; without one: ssh-keygen -p -N "" -f runner-host';

/** @see https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key */
function readOpenSsh(blob: Buffer): ReadKey {
  const magic = "openssh-key-v1\0";
  const reader = new Reader(blob, magic.length);
  if (blob.toString("latin1", 0, magic.length) !== magic) throw new Error("another format");
  const cipher = reader.bytes().toString("latin1");
  reader.bytes();
  reader.bytes();
  if (reader.number() !== 1) throw new Error("not one key");
  const { identity } = readPublic(new Reader(reader.bytes()));
  const secret = new Reader(reader.bytes());
  if (!reader.atEnd) throw new Error("more than a key");
  if (cipher !== "none") return { why: locked };
  // The same number twice: a passphrase that is right is known by it.
  if (secret.number() !== secret.number()) throw new Error("changed");
  const type = secret.bytes().toString("latin1");
  if (type === "ssh-ed25519") {
    const own = secret.bytes();
    const both = secret.bytes();
    if (both.length !== 64 || !both.subarray(32).equals(own) || identity !== ed25519(own)) throw new Error("changed");
  }
  return { identity };
}

/** @see https://www.rfc-editor.org/rfc/rfc4253#section-6.6 and RFC 5656, RFC 8709 */
function readPublic(reader: Reader): { type: string; identity: string; bits?: number } {
  const type = reader.bytes().toString("latin1");
  if (type === "ssh-ed25519") {
    const key = reader.bytes();
    if (key.length !== 32) throw new Error("not a key's length");
    return { type, identity: ed25519(key) };
  }
  if (type === "ssh-rsa") {
    const exponent = unsigned(reader.bytes());
    const modulus = unsigned(reader.bytes());
    if (modulus.length === 0) throw new Error("no modulus");
    return { type, identity: `rsa ${base64url(modulus)} ${base64url(exponent)}`, bits: modulus.length * 8 };
  }
  const curve = reader.bytes().toString("latin1");
  const point = reader.bytes();
  const size = { nistp256: 65, nistp384: 97, nistp521: 133 }[curve];
  if (type !== `ecdsa-sha2-${curve}` || point.length !== size) throw new Error("not a key of a known type");
  return { type, identity: `ec ${base64url(point.subarray(1))}` };
}

function identityOf({ kty, crv, x, y, n, e }: JsonWebKey): string {
  if (kty === "OKP" && crv === "Ed25519") return `ed25519 ${x}`;
  if (kty === "RSA") return `rsa ${n} ${e}`;
  return `ec ${base64url(Buffer.concat([Buffer.from(x!, "base64url"), Buffer.from(y!, "base64url")]))}`;
}

const base64url = (bytes: Buffer) => bytes.toString("base64url");
const ed25519 = (key: Buffer) => `ed25519 ${base64url(key)}`;

/** Without the zeros that keep a number positive. */
const unsigned = (bytes: Buffer) => bytes.subarray(bytes.findIndex((byte) => byte !== 0));

/** Numbers and length-prefixed texts, one after the other. */
class Reader {
  constructor(
    private readonly blob: Buffer,
    private at = 0,
  ) {}

  get atEnd() {
    return this.at === this.blob.length;
  }

  number(): number {
    this.at += 4;
    return this.blob.readUInt32BE(this.at - 4);
  }

  bytes(): Buffer {
    const length = this.number();
    if (this.at + length > this.blob.length) throw new Error("it ends too early");
    this.at += length;
    return this.blob.subarray(this.at - length, this.at);
  }
}
