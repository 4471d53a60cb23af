/** Makes ed25519 key pairs in OpenSSH's formats, which sshd, ssh and the engine's SSH client all read. */
import { generateKeyPairSync, randomBytes } from "node:crypto";

export interface SshKeyPair {
  /** As in authorized_keys and known_hosts: type and key. */
  readonly publicKey: string;
  readonly privateKey: string;
}

const type = "ssh-ed25519";
/** With its terminating zero, as the format has it. */
const magic = Buffer.from("openssh-key-v1\0");
const [begin, end] = ["-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"];
const cipherBlockSize = 8;

/**
 * The private key is not encrypted.
 *
 * @see https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
 */
export function newKeyPair(comment: string): SshKeyPair {
  const { x = "", d = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const [point, seed] = [Buffer.from(x, "base64url"), Buffer.from(d, "base64url")];
  const publicBlob = Buffer.concat([text(type), text(point)]);
  const check = randomBytes(4);
  const secrets = [check, check, text(type), text(point), text(Buffer.concat([seed, point])), text(comment)];
  const privateBlob = Buffer.concat([
    ...[magic, text("none"), text("none"), text(""), uint32(1)],
    ...[text(publicBlob), text(padded(Buffer.concat(secrets)))],
  ]);
  const lines = privateBlob.toString("base64").match(/.{1,70}/g) ?? [];
  return { publicKey: line(publicBlob), privateKey: [begin, ...lines, end, ""].join("\n") };
}

/** The public key that a private key of {@link newKeyPair} begins with. */
export function publicKeyOf(privateKey: string): string {
  const blob = Buffer.from(privateKey.replace(begin, "").replace(end, ""), "base64");
  const header = magic.length + 2 * text("none").length + text("").length + uint32(1).length;
  return line(blob.subarray(header + 4, header + 4 + blob.readUInt32BE(header)));
}

const line = (publicBlob: Buffer): string => `${type} ${publicBlob.toString("base64")}`;

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

/** SSH's "string": its length, then its bytes. */
function text(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** To whole blocks of the cipher, with 1, 2, 3 … */
function padded(content: Buffer): Buffer {
  const missing = (cipherBlockSize - (content.length % cipherBlockSize)) % cipherBlockSize;
  return Buffer.concat([content, Buffer.from(Array.from({ length: missing }, (_, index) => index + 1))]);
}
