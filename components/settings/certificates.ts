/** Certificates of private certificate authorities, read at preview. No text of them is in what is told. */
import { X509Certificate } from "node:crypto";
import { z } from "zod";

/** The certificates of a PEM text, or why it is none. */
function readCertificates(text: string): { certificates: string[]; why?: string } {
  const refused = (why: string) => ({ certificates: [], why });
  if (/PRIVATE KEY/.test(text)) return refused("holds a private key, which nobody but the authority itself may have");
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  const begun = text.match(/-----BEGIN /g)?.length ?? 0;
  if (begun === 0) return refused("not a certificate in PEM format, which begins with -----BEGIN CERTIFICATE-----");
  if (begun !== blocks.length) {
    return refused(`${begun === 1 ? "its block" : `one of its ${begun} blocks`} is cut off, or no certificate`);
  }
  for (const [index, block] of blocks.entries()) {
    const why = whyNoAuthority(block);
    if (why !== undefined) return refused(`${counted(blocks.length, index)} ${why}`);
  }
  return { certificates: blocks.map((block) => new X509Certificate(block).toString()) };
}

const counted = (all: number, index: number) => (all === 1 ? "the certificate" : `certificate ${index + 1} of ${all}`);

function whyNoAuthority(block: string): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(block);
  } catch {
    return "is cut off, or changed on its way here; set it from its file";
  }
  // A server's own certificate can be trusted where the server has signed it itself, and only then.
  if (certificate.ca || certificate.checkIssued(certificate)) return undefined;
  return `is of ${name(certificate.subject)}, which is no certificate authority; it was issued by ${name(certificate.issuer)}`;
}

/** A distinguished name on one line. */
const name = (text: string) => JSON.stringify(text.split("\n").reverse().join(", "));

export const caCertificates = z
  .union([z.string(), z.array(z.string())], "not a text in PEM format, or a list of such texts")
  .superRefine((given, context) => {
    const told = (text: string, path: number[]) => {
      const { why } = readCertificates(text);
      if (why !== undefined) context.addIssue({ code: "custom", path, message: why });
    };
    if (typeof given === "string") told(given, []);
    else given.forEach((text, index) => told(text, [index]));
  })
  .default([])
  .transform((given) => {
    const all = (typeof given === "string" ? [given] : given).flatMap((text) => readCertificates(text).certificates);
    return [...new Set(all)];
  })
  .meta({
    description:
      "Certificates of private certificate authorities, in PEM format: one text with any number of them, or a list. " +
      "Hosts trust them for everything, jobs where they talk to GitLab.",
    type: "string or list of string",
    default: "those that the machine image and the job image trust",
    example: "-----BEGIN CERTIFICATE-----…",
  });

/** Of those that do not count today. */
export function validityWarnings(certificates: readonly string[], now: Date): string[] {
  return certificates.flatMap((text) => {
    const certificate = new X509Certificate(text);
    const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
    const told = (what: string) => [`caCertificates: ${name(certificate.subject)} ${what}`];
    if (to < now) return told(`has expired on ${day(to)}; nothing that it has issued is trusted`);
    return from > now ? told(`is valid from ${day(from)} on only`) : [];
  });
}

const day = (date: Date) => date.toISOString().slice(0, 10);
