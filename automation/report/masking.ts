/** Keeps secrets out of whatever is shown: those the engine marks, and whatever looks like one. */
import { gitlabTokens } from "../../components/settings/values-shown";
import { documentIn, isRecord, isSecret, isUnknown, type Value } from "../values";

export const mask = "[secret]";
export const later = "(known after the deployment)";

/**
 * Texts that are credentials wherever they stand: GitLab's tokens by their prefixes
 * (https://docs.gitlab.com/security/tokens/#token-prefixes), AWS's access keys, private keys, URLs with a password.
 */
const credentials: [RegExp, string][] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g, mask],
  [new RegExp(String.raw`\b(?:${gitlabTokens}|GR1348941)-?[A-Za-z0-9_][A-Za-z0-9_.-]{3,}`, "g"), mask],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, mask],
  [/\bgh[pousr]_[A-Za-z0-9]{20,}/g, mask],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, mask],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+@/gi, `$1${mask}@`],
];

/** Properties whose values are never shown, marked or not; config.toml comes through a command's stdin. */
const secretNames = /(?:^|[._[\]"-])(?:token|password|passwd|passphrase|secret\w*|private_?key|privateKeyPem|apiKey)$/i;

/** The text with everything in it masked that looks like a credential. */
export function maskText(text: string): string {
  return credentials.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/** The value at a path, as it may be shown. */
export function maskValue(value: Value | undefined, path: string): Value | undefined {
  if (value === undefined || value === null) return value;
  if (isSecret(value) || (secretNames.test(path) && typeof value !== "boolean")) return mask;
  if (isUnknown(value)) return later;
  if (typeof value === "string") {
    const inner = documentIn(value);
    return maskText(inner === undefined ? value : JSON.stringify(maskValue(inner, path)));
  }
  if (Array.isArray(value)) return value.map((one, index) => maskValue(one, `${path}[${index}]`) ?? null);
  if (isRecord(value)) {
    // A variable of a container: {name, value}.
    const named = typeof value.name === "string" && secretNames.test(value.name) && "value" in value;
    if (named) return { ...value, value: mask };
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [maskText(key), maskValue(one, `${path}.${key}`) ?? null]),
    );
  }
  return value;
}
