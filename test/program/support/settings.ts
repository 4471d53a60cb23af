/** Settings that tests start from. */
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE test";
/** Only looks like one. */
export const privateKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nhidden\n-----END OPENSSH PRIVATE KEY-----";
export const sha256 = "ab".repeat(32);

type Raw = Record<string, unknown>;

/** The least that is accepted, changed by `over`; `over.host` is merged. */
export function raw(over: Raw = {}): Raw {
  const host = { publicKey, privateKey, adminCidrs: ["203.0.113.0/24"], runner: { sha256 } };
  return { groups: ["acme/backend"], ...over, host: { ...host, ...(over.host as Raw) } };
}
